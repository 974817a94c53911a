/** The same as examples-check for the examples of kinds that only some kernels have. */
// needs: bridge vlan_filtering, link vlan, link vrf, link ipvlan, link ipvtap, link macvlan, link dummy

import { privateHost } from '../harness/host.ts'
import { lan, removeLan, router } from '../harness/lan.ts'
import { type Setting, testLasting } from '../harness/lasting.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** A NIC of the example's own subnet. No macvlan can sit on an ipvlan. */
const ipvlan = (subnet: number): Setting => ({
  isAlone: true,
  prepare: () => void router(subnet),
  tidy: removeLan,
})
const vlan: Setting = { exclusive: true, prepare: () => void lan(), tidy: removeLan }

const settings: Record<string, Setting> = {
  '40-bridge-vlan': {},
  '41-bridge-uplink-vlan': { prepare: () => void lan('eth3'), tidy: removeLan },
  '80-ipvlan-l2': ipvlan(80),
  '81-ipvlan-l3': ipvlan(81),
  '82-ipvlan-l3s': ipvlan(82),
  '83-ipvlan-private': ipvlan(83),
  '84-ipvlan-vepa': ipvlan(84),
  '85-ipvlan-host-access': ipvlan(85),
  '90-vlan': vlan,
  '91-vlan-qinq': vlan,
  '92-vlan-priorities': vlan,
  '130-dummy': {},
  '131-vrf': {},
  '191-ipvtap': ipvlan(91),
}

for (const [example, setting] of Object.entries(settings)) testLasting(`${example}.conflist`, setting)

test.run()
