/** The same as examples-check for the examples of NICs that move into the container, and of CAN. */
// needs: link bond, link team, link macsec, link macvlan, link vcan, link vxcan, can gateway

import { hostNics } from '../harness/cables.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { type Setting, testLasting } from '../harness/lasting.ts'
import { layCable, secrets, writeKeys } from '../harness/macsec.ts'
import { test } from '../harness/test.ts'

await privateHost()

const can: Setting = { ifname: 'can0', isAlone: true }
const nics: Setting = { exclusive: true, prepare: hostNics }

const settings: Record<string, Setting> = {
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
  '200-host-device': nics,
}

for (const [example, setting] of Object.entries(settings)) testLasting(`${example}.conflist`, setting)

test.run()
