/** vlan: failing calls, a kill, deleted namespaces; one tag, and two with or without another user of the outer device. */
// needs: link vlan

import { privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { test } from '../harness/test.ts'
import { testFailures, testTrouble } from '../harness/trouble.ts'

await privateHost()
lan()

/** A VLAN network on the NIC. A second container cannot have the same VLAN. */
function vlan(keys: Record<string, unknown>) {
  const config = { type: 'vlan', master: 'eth0', ...keys }
  return { config, subnets: ['10.89.0.0/24', 'fd89::/64'], atOnce: 1 }
}

testTrouble('vlan', { ...vlan({ vlanId: 100 }), ifname: 'net1' })
testTrouble('vlan named as its parent', vlan({ vlanId: 100 }))
testTrouble('stacked vlan', { ...vlan({ tags: [100, 20] }), ifname: 'net1' })
testFailures('stacked vlan, beside another on the outer device', {
  ...vlan({ tags: [100, 20] }),
  beside: { tags: [100, 30] },
})

test.run()
