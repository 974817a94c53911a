/** vxlan: failing calls, a kill, deleted namespaces; beside another container, and as the first, which makes VTEP and bridge. */
// needs: full speed, link vxlan

import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()

ip('link add under0 type veth peer name under1')
ip('address add 192.0.2.1/24 dev under0')
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

/** An overlay network with two subnets. */
function vxlan(vni: number, keys: Record<string, unknown>) {
  return { config: { type: 'vxlan', vni, ...keys }, subnets: ['10.89.0.0/24', 'fd89::/64'] }
}

testTrouble('vxlan to a group', {
  ...vxlan(100, { group: '239.1.1.1', dev: 'under0', gso: false }),
  atOnce: 1,
})
testTrouble('vxlan to remotes, beside another container', {
  ...vxlan(101, { remotes: ['192.0.2.2', '192.0.2.3'] }),
  beside: {},
  // vxlan-del.test.ts attaches 20 containers at once.
  atOnce: 1,
})
testTrouble('vxlan to peers of the store', {
  ...vxlan(103, { peers: 'store', arpSuppress: true, local: '192.0.2.1' }),
  atOnce: 1,
})
testTrouble('vxlan in the container', {
  ...vxlan(102, { remotes: ['192.0.2.2'], direct: true, gro: false }),
  atOnce: 1,
})

test.run()
