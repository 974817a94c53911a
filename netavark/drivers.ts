/** The drivers of netavark: every interface plugin, and the name that podman knows it by. */

/** The key of each interface plugin that names the host's interface, for podman's `--interface-name`; undefined where there is none. */
const interfaceKeys: Readonly<Record<string, string | undefined>> = {
  bond: undefined,
  bridge: 'bridge',
  dummy: undefined,
  'host-device': 'device',
  ipvlan: 'master',
  ipvtap: 'master',
  macsec: 'master',
  macvlan: 'master',
  macvtap: 'master',
  ptp: undefined,
  tap: 'bridge',
  team: undefined,
  vcan: undefined,
  vlan: 'master',
  vxcan: 'hostIfname',
  vxlan: 'dev',
  wire: 'wire',
}

/** netavark has drivers of these names itself, which no file can replace. */
export const netavarksOwn: readonly string[] = ['bridge', 'ipvlan', 'macvlan']

/** The names of all drivers. */
export const driverNames: readonly string[] = Object.keys(interfaceKeys).map((plugin) =>
  netavarksOwn.includes(plugin) ? `patchbay-${plugin}` : plugin,
)

/** The plugin of a driver's name, which may have the prefix; undefined for another name. */
export function pluginOfDriver(driver: string): string | undefined {
  const plugin = driver.replace(/^patchbay-/, '')
  return Object.hasOwn(interfaceKeys, plugin) ? plugin : undefined
}

/** The key of a plugin that names the host's interface. */
export function interfaceKey(plugin: string): string | undefined {
  return interfaceKeys[plugin]
}
