/** Valid configurations of each plugin: keys that work on the world's host, and others from the plugin's schema. */

import fc from 'fast-check'
import { plugins } from '../../../plugins/registry.ts'
import type { Shape } from '../../../shared/config/schema.ts'
import { objectsOf, valuesOf } from './schema.ts'

export type Keys = Record<string, unknown>

/** Keys with which ADD of a plugin works on the world's host, where the kernel has the kind. */
const working: Record<string, Keys[]> = {
  bandwidth: [
    { prevResult: {}, ingressRate: 8_000_000, egressRate: 16_000_000 },
    {
      prevResult: {},
      ingressRate: 8_000_000,
      egressRate: 16_000_000,
      shapedSubnets: ['10.0.0.0/8', 'fd00::/8'],
    },
    { prevResult: {}, runtimeConfig: { bandwidth: { egressRate: 16_000_000 } }, egress: 'ifb' },
  ],
  bond: [{ links: [{ name: 'nic1' }, { name: 'nic2' }] }],
  bridge: [
    {},
    { bridge: 'br0' },
    { isGateway: true, ipMasq: true },
    { uplinks: ['nic1'] },
    { macspoofchk: true },
  ],
  firewall: [
    {},
    { backend: 'iptables', ingressPolicy: 'same-bridge' },
    { ingressPolicy: 'isolated', hostIngress: 'allow' },
    { backend: 'firewalld' },
  ],
  'host-device': [{ device: 'nic1' }],
  ipvlan: [{ master: 'nic1' }],
  ipvtap: [{ master: 'nic1' }],
  macsec: [{ master: 'nic1', keyFile: '/run/test/keys' }],
  macvlan: [{ master: 'nic1' }, { master: 'uplink', hostAccess: true }],
  macvtap: [{ master: 'nic1' }],
  portmap: [
    { prevResult: {}, runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80 }] } },
    {
      runtimeConfig: { portMappings: [{ hostPort: 53, containerPort: 5353, protocol: 'udp', range: 4 }] },
      masqAll: true,
    },
    { backend: 'iptables', runtimeConfig: { portMappings: [{ hostPort: 8081, containerPort: 80 }] } },
    {
      conditionsV4: ['ip', 'saddr', '10.0.0.0/8'],
      runtimeConfig: { portMappings: [{ hostPort: 8082, containerPort: 80 }] },
    },
  ],
  sbr: [
    { prevResult: {} },
    { prevResult: {}, addSourceHints: true },
    { prevResult: {}, table: 100 },
    { prevResult: {}, gateways: ['10.61.0.1', 'fd00:61::1'] },
  ],
  team: [{ links: [{ name: 'nic1' }] }],
  tuning: [
    { prevResult: {}, mac: '02:00:5e:10:00:01', mtu: 1400, txQLen: 500 },
    { prevResult: {}, promisc: true, allmulti: true },
    { prevResult: {}, sysctl: { 'net.ipv4.conf.IFNAME.arp_notify': '1', 'net.core.somaxconn': '512' } },
    { prevResult: {}, args: { cni: { sysctl: { 'net/ipv6/conf/IFNAME/accept_ra': '0' }, mtu: 1300 } } },
  ],
  vlan: [{ master: 'nic1', vlanId: 7 }],
  vxlan: [
    { vni: 7, remote: '198.51.100.1' },
    { vni: 7, remote: '198.51.100.1', direct: true },
  ],
}

/** The plugins that give addresses; they read the section `ipam`. */
const ipam = ['dhcp', 'host-local', 'ipam-list', 'pool', 'static']

/** Those that an interface plugin has. dhcp would wait for a server in each of its ADDs. */
const answering = ipam.filter((type) => type !== 'dhcp')

const workingIpam: Keys[] = [
  { type: 'host-local', subnet: '10.61.0.0/24' },
  { type: 'host-local', ranges: [[{ subnet: '10.61.0.0/29' }], [{ subnet: 'fd00:61::/64' }]] },
  { type: 'pool', pool: 'blue' },
  { type: 'static', addresses: [{ address: '10.61.0.9/24', gateway: '10.61.0.1' }] },
  { type: 'fuzz-ipam' },
]

/** The names of all plugins. */
export const names = Object.keys(plugins).sort()

/** The shape of each plugin's configuration. */
const shapes = new Map<string, Shape>()
for (const [name, load] of Object.entries(plugins)) shapes.set(name, (await load()).config.shape)

/** Valid configurations of a plugin. */
export function configurationsOf(plugin: string): fc.Arbitrary<Keys> {
  const { ipam: own, ...shape } = shapes.get(plugin) ?? {}
  const version = fc.constantFrom('1.1.0', '1.0.0', '1.0.0', '1.0.0', '0.4.0', '0.3.1', '0.2.0', '0.1.0')
  const addresses = ipam.includes(plugin) && own ? ownAddresses(plugin, own) : sections
  return fc
    .tuple(version, fc.constantFrom(...(working[plugin] ?? [{}])), sometimes(objectsOf(shape)), addresses)
    .map(([cniVersion, keys, more, ipam]) => ({
      ...keys,
      ...more,
      name: 'fuzz',
      type: plugin,
      cniVersion,
      ...ipam,
    }))
}

/** Sections `ipam` of interface plugins: those that work, those of any IPAM plugin's schema, or none. */
const sections: fc.Arbitrary<Keys> = fc.oneof(
  { arbitrary: fc.constantFrom(...workingIpam).map((section) => ({ ipam: section })), weight: 3 },
  { arbitrary: fc.constant({}), weight: 1 },
  {
    arbitrary: fc
      .constantFrom(...answering)
      .chain((type) => ownAddresses(type, shapes.get(type)?.ipam as never)),
    weight: 2,
  },
)

/** Sections of one IPAM plugin: keys that work, with others from its schema. */
function ownAddresses(type: string, schema: Parameters<typeof valuesOf>[0]): fc.Arbitrary<Keys> {
  const base = workingIpam.filter((section) => section.type === type)
  const start = fc.constantFrom(...(base.length > 0 ? base : [bare(type)]))
  return fc.tuple(start, sometimes(valuesOf(schema) as fc.Arbitrary<Keys>)).map(([keys, more]) => ({
    ipam: {
      ...keys,
      ...more,
      type,
      ...('wait' in more && { wait: 0 }),
      ...('timeout' in more && { timeout: 1 }),
    },
  }))
}

/** The section of a plugin that has no other of its own. */
function bare(type: string): Keys {
  return type === 'dhcp' ? { timeout: 1 } : { list: workingIpam.slice(0, 1) }
}

/** Half of the time no further keys. */
function sometimes(keys: fc.Arbitrary<Keys>): fc.Arbitrary<Keys> {
  return fc.oneof(fc.constant({}), keys)
}
