/** The demo of macvlan: two containers of one host reach each other in mode bridge only; else the second is on the other host. */

interface Config {
  mode?: string
  sourceMacs?: string[]
}

export function across(config: Config): object | undefined {
  if ((config.mode ?? 'bridge') === 'bridge') return undefined
  return config.mode === 'source' ? allowedSender(config) : config
}

/** Mode source takes frames of the listed MAC addresses only, so the second container has one of them. */
function allowedSender(config: Config): object {
  return { ...config, mode: 'bridge', sourceMacs: undefined, mac: config.sourceMacs?.[0] }
}
