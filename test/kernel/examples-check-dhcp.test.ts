/** The examples of bridge and macvlan with dhcp: containers have addresses of the LAN's server, reach its router and each other, and CHECK accepts them. */
// needs: link macvlan
// packages: dnsmasq-base

import { servedLans, testServed } from '../harness/dhcp-examples.ts'
import { privateHost } from '../harness/host.ts'
import type { Setting } from '../harness/lasting.ts'
import { test } from '../harness/test.ts'

await privateHost()
await servedLans('eth0', 'eth4')

const settings: Record<string, Setting> = {
  // 42-bridge-uplink-dhcp.conflist, 76-macvlan-dhcp.conflist
  '42-bridge-uplink-dhcp': {},
  '76-macvlan-dhcp': {},
}

for (const [example, setting] of Object.entries(settings)) testServed(`${example}.conflist`, setting)

test.run()
