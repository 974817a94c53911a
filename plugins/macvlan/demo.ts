/** What the demo must know of macvlan: only in mode bridge do two containers of a host reach each other. */

interface Config {
  mode?: string
  sourceMacs?: string[]
}

export function across(config: Config): object | undefined {
  if ((config.mode ?? 'bridge') === 'bridge') return undefined
  return config.mode === 'source' ? heard(config) : config
}

/** Mode source takes frames of the listed MAC addresses only, so the second container has one of them. */
function heard(config: Config): object {
  return { ...config, mode: 'bridge', sourceMacs: undefined, mac: config.sourceMacs?.[0] }
}
