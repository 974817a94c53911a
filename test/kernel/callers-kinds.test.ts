/** The same as callers for lists with kinds that only some kernels have. */
// needs: bridge vlan_filtering, link bond, link ipvlan, link vlan

import { hostNics } from '../harness/cables.ts'
import { type Caller, testCaller } from '../harness/callers.ts'
import { ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { lan, removeLan } from '../harness/lan.ts'
import { test } from '../harness/test.ts'

await privateHost()

const nic: Caller = { prepare: () => void lan(), tidy: removeLan }

const callers: Record<string, Caller> = {
  harvester: { prepare: () => void ip('link add mgmt-br up type bridge vlan_filtering 1') },
  'flannel-ipvlan': nic,
  'flannel-vlan': nic,
  'flannel-bond': { prepare: hostNics },
  'flannel-host-device': { prepare: hostNics },
}

for (const [name, caller] of Object.entries(callers)) testCaller(name, caller)

test.run()
