/** The network has another name at DEL than at ADD: all is found by container and interface, and nothing is left. */
// needs: nft ip, nft bridge, link macvlan, link macvtap, link vxlan

import { ip } from '../harness/command.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import type { Configuration } from '../harness/plugin.ts'
import { testRenamed } from '../harness/renamed.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add nic0 type veth peer name nic0-peer')
ip('link set nic0 up')

const ipam = hostLocal('198.51.100.0/24')
const firewalled = { type: 'bridge', isGateway: true, macspoofchk: true, ipMasq: true }
const configurations: Record<string, Configuration> = {
  'host-device': { type: 'host-device', device: 'nic0' },
  macvtap: { type: 'macvtap', master: 'uplink' },
  'macvlan with hostAccess': { type: 'macvlan', master: 'uplink', hostAccess: true },
  wire: { type: 'wire', wire: 'cable' },
  'bridge with nftables': { ...firewalled, ipMasqBackend: 'nftables' },
  'bridge with iptables': { ...firewalled, ipMasqBackend: 'iptables' },
  'ptp with nftables': { type: 'ptp', ipMasq: true, ipMasqBackend: 'nftables' },
  vxlan: { type: 'vxlan', vni: 100, dev: 'uplink', remotes: ['198.51.100.1'] },
  'vxlan, direct': { type: 'vxlan', vni: 101, dev: 'uplink', remotes: ['198.51.100.1'], direct: true },
}

for (const [what, plugin] of Object.entries(configurations))
  testRenamed(what, { config: { ...plugin, ipam } })

test.run()
