/** All plugins, by name. Only the called one is loaded. */

import type { Registry } from '../shared/cni/plugin.ts'

export const plugins: Registry = {
  bandwidth: async () => (await import('./bandwidth/plugin.ts')).bandwidth,
  bond: async () => (await import('./bond/plugin.ts')).bond,
  bridge: async () => (await import('./bridge/plugin.ts')).bridge,
  dhcp: async () => (await import('../shared/ipam/dhcp/plugin.ts')).dhcp,
  dummy: async () => (await import('./dummy/plugin.ts')).dummy,
  firewall: async () => (await import('./firewall/plugin.ts')).firewall,
  'host-device': async () => (await import('./host-device/plugin.ts')).hostDevice,
  'host-local': async () => (await import('../shared/ipam/host-local/plugin.ts')).hostLocal,
  'ipam-list': async () => {
    const [{ ipamList }, { ipamOf }] = await Promise.all([
      import('../shared/ipam/ipam-list/plugin.ts'),
      import('../shared/ipam/ipam.ts'),
    ])
    return ipamList(ipamOf)
  },
  ipvlan: async () => (await import('./ipvlan/plugin.ts')).ipvlan,
  ipvtap: async () => (await import('./ipvlan/ipvtap/plugin.ts')).ipvtap,
  loopback: async () => (await import('./loopback/plugin.ts')).loopback,
  macsec: async () => (await import('./macsec/plugin.ts')).macsec,
  macvlan: async () => (await import('./macvlan/plugin.ts')).macvlan,
  macvtap: async () => (await import('./macvlan/macvtap/plugin.ts')).macvtap,
  pool: async () => (await import('../shared/ipam/pool/plugin.ts')).pool,
  portmap: async () => (await import('./portmap/plugin.ts')).portmap,
  ptp: async () => (await import('./ptp/plugin.ts')).ptp,
  sbr: async () => (await import('./sbr/plugin.ts')).sbr,
  static: async () => (await import('../shared/ipam/static/plugin.ts')).staticIpam,
  team: async () => (await import('./bond/team/plugin.ts')).team,
  tap: async () => (await import('./tap/plugin.ts')).tap,
  tuning: async () => (await import('./tuning/plugin.ts')).tuning,
  vcan: async () => (await import('./can/vcan/plugin.ts')).vcan,
  vlan: async () => (await import('./vlan/plugin.ts')).vlan,
  vrf: async () => (await import('./vrf/plugin.ts')).vrf,
  vxcan: async () => (await import('./can/vxcan/plugin.ts')).vxcan,
  vxlan: async () => (await import('./vxlan/plugin.ts')).vxlan,
  wire: async () => (await import('./wire/plugin.ts')).wire,
}
