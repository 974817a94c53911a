/** What the demo must know of ipvlan: only with the flag bridge do two containers of a host reach each other. */

export const across = (config: { flag?: string }) =>
  (config.flag ?? 'bridge') === 'bridge' ? undefined : config
