/** The names of netavark's drivers: the interface plugins. netavark has bridge, macvlan and ipvlan itself, so these get a prefix. */

/** Plugins that make no interface: they change what others made, or give addresses. */
const others: readonly string[] = [
  ...['bandwidth', 'firewall', 'host-local', 'ipam-list', 'loopback', 'portmap'],
  ...['sbr', 'static', 'tuning', 'vrf'],
]
const builtIn: readonly string[] = ['bridge', 'ipvlan', 'macvlan']

/** The names of the drivers for some plugins. */
export function driverNames(plugins: readonly string[]): string[] {
  const interfaces = plugins.filter((name) => !others.includes(name))
  return interfaces.map((name) => (builtIn.includes(name) ? `patchbay-${name}` : name))
}
