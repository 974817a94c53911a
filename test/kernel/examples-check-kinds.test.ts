/** The same as examples-check for the examples of kinds that only some kernels have. */
// needs: bridge vlan_filtering, link bond, link team, link macsec, link vlan, link vrf, link ipvlan, link ipvtap, link macvlan, link dummy, link vcan, link vxcan, can gateway

import { hostNics } from '../harness/cables.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { lan, removeLan, router } from '../harness/lan.ts'
import { type Setting, testLasting } from '../harness/lasting.ts'
import { layCable, secrets, writeKeys } from '../harness/macsec.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** A NIC of the example's own subnet. No macvlan can sit on an ipvlan. */
const ipvlan = (subnet: number): Setting => ({
  isAlone: true,
  prepare: () => void router(subnet),
  tidy: removeLan,
})
const vlan: Setting = { exclusive: true, prepare: () => void lan(), tidy: removeLan }
const can: Setting = { ifname: 'can0', isAlone: true }
const nics: Setting = { exclusive: true, prepare: hostNics }

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
  '150-vcan': can,
  '151-vxcan': { ...can, exclusive: true },
  '152-vxcan-wire': { ...can, exclusive: true },
  '153-vxcan-gateway': {
    ...can,
    prepare: () => {
      command('modprobe', 'can-gw')
      ip('link add can0 up type vcan')
    },
    tidy: () => void ip('link delete can0'),
  },
  '180-macsec': {
    exclusive: true,
    prepare: () => {
      writeKeys({ 'site-1': '11'.repeat(16), 'site-2': '22'.repeat(16) }, 0o600, secrets)
      layCable('eth0', 'eth1')
    },
    tidy: () => void ip('link delete eth0'),
  },
  '170-bond': nics,
  '171-bond-lacp': nics,
  '175-team': nics,
  '191-ipvtap': ipvlan(91),
  '200-host-device': nics,
}

for (const [example, setting] of Object.entries(settings)) testLasting(`${example}.conflist`, setting)

test.run()
