/** The examples with dhcp: containers have addresses of the LAN's server, reach its router and each other, and CHECK goes on to accept them. */
// needs: link macvlan, link ipvlan
// packages: dnsmasq-base

import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { renewerLock } from '../../shared/ipam/dhcp/renewer.ts'
import { attach } from '../harness/attach.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { type Setting, testLasting } from '../harness/lasting.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { start } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

/** It holds the lock as `patchbay dhcp` does: CHECK and doctor warn without it. */
mkdirSync('/run/patchbay', { recursive: true })
const renewer = start('flock', ['-F', renewerLock, 'sleep', '100'])
test.after(() => renewer.kill())

const router = '192.168.76.1'
const lans = ['eth0', 'eth4'].map((nic) => segment(nic))
for (const lan of lans) {
  const server = station(lan, `server-${lan.nic}`, `${router}/24`)
  await dnsmasqOn(server, {
    ranges: ['192.168.76.100,192.168.76.199,1h'],
    options: { router: router },
  })
}

const settings: Record<string, Setting> = {
  '42-bridge-uplink-dhcp': {},
  '76-macvlan-dhcp': {},
  '86-ipvlan-dhcp': { isAlone: true },
}

for (const [example, setting] of Object.entries(settings)) testLasting(`${example}.conflist`, setting)

for (const file of [
  '42-bridge-uplink-dhcp.conflist',
  '76-macvlan-dhcp.conflist',
  '86-ipvlan-dhcp.conflist',
] as const)
  test(`${file}: two containers have addresses of the server, and reach its router and each other`, async () => {
    const net = exampleNetwork(file)
    const [one, other] = [await attach(net), await attach(net)]
    for (const address of [...other.addresses, router]) assert.ok(pings(one, address), address)
    for (const { del } of [one, other]) await del()
  })

test.run()
