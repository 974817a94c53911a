/** The examples of ipvlan with dhcp: containers have addresses of the LAN's server, reach its router and each other, and CHECK accepts them. */
// needs: link ipvlan
// packages: dnsmasq-base

import { servedLans, testServed } from '../harness/dhcp-examples.ts'
import { privateHost } from '../harness/host.ts'
import type { Setting } from '../harness/lasting.ts'
import { test } from '../harness/test.ts'

await privateHost()
await servedLans('eth0')

const settings: Record<string, Setting> = {
  // 86-ipvlan-dhcp.conflist; no macvlan can sit on an ipvlan.
  '86-ipvlan-dhcp': { isAlone: true },
}

for (const [example, setting] of Object.entries(settings)) testServed(`${example}.conflist`, setting)

test.run()
