/** What the demo must know of host-device: on one host there is room for one container, so the second is on the other host. */

export const across = (config: object) => config
