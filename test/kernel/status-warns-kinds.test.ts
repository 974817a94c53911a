/** STATUS warns once, and succeeds, when a parent is down: the kinds of status-warns.test.ts that other kernels have. */
// needs: link ipvlan, link ipvtap, link vlan, link macsec

import { privateHost } from '../harness/host.ts'
import { testParentDown } from '../harness/status.ts'
import { test } from '../harness/test.ts'

await privateHost()

testParentDown([
  [{ type: 'ipvlan', master: 'down0' }],
  [{ type: 'ipvtap', master: 'down0' }],
  [{ type: 'vlan', master: 'down0', vlanId: 1 }],
  [{ type: 'macsec', master: 'down0' }],
])

test.run()
