/** The demo of host-device: a host has room for one container, so the second is on the other host. */

export const across = (config: object) => config
