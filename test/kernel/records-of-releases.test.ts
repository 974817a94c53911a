/** Records that earlier releases wrote: today's executables go on with them. */
// needs: nft ip, nft bridge, iptables

import { hostNics } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import type { Way } from '../harness/way.ts'
import { testRecords } from './frozen-records.ts'

await privateHost()
hostNics()

const subnets = ['10.9.0.0/24', 'fd09::/64']
const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]
const portmap = { type: 'portmap', capabilities: { portMappings: true } }
const gateway = { type: 'bridge', isDefaultGateway: true, ipMasq: true, macspoofchk: true }

const ways: Record<string, Way> = {
  nftables: {
    plugins: [
      { ...gateway, bridge: 'br1' },
      { ...portmap, backend: 'nftables' },
      { type: 'firewall', backend: 'nftables', ingressPolicy: 'isolated' },
      { type: 'tuning', mtu: 1400 },
    ],
    subnets,
    ports,
  },
  iptables: {
    plugins: [
      { ...gateway, bridge: 'br2', ipMasqBackend: 'iptables' },
      { ...portmap, backend: 'iptables' },
      { type: 'firewall', backend: 'iptables' },
    ],
    subnets,
    ports,
    // What iptables makes itself, and the chains of users, which stay.
    leaves: /^nft (table|\t(chain|type|counter)|\t\}|\}|\t\t(type|counter))/,
  },
  'macvlan-host-access': { plugins: [{ type: 'macvlan', master: 'eth1', hostAccess: true }], subnets },
  sticky: {
    plugins: [
      { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '192.0.2.0/24', sticky: true } },
    ],
    leaves: /^file \/var\/lib\/cni\/networks\/way-macvlan\/192\.0\.2\.\d+ \d+ sticky:/,
    stays: /^file \/var\/lib\/cni\/networks\/way-macvlan\//,
  },
  'host-device': {
    plugins: [{ type: 'host-device', device: 'eth2' }],
    subnets,
    lends: 'eth2',
    // A veth, which the kernel deletes with the namespace.
    prepare: hostNics,
  },
  wire: { plugins: [{ type: 'wire' }] },
  macvtap: { plugins: [{ type: 'macvtap', master: 'eth1' }] },
  'named-interface': { plugins: [{ type: 'bridge', bridge: 'br3', ifname: 'net5' }], subnets },
}

for (const [name, way] of Object.entries(ways)) testRecords(name, way)

test.run()
