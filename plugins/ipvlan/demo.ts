/** The demo of ipvlan: two containers of one host reach each other with flag bridge only; else the second is on the other host. */

export const across = (config: { flag?: string }) =>
  (config.flag ?? 'bridge') === 'bridge' ? undefined : config
