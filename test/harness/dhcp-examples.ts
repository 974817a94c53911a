/** Tests of the examples with dhcp: a LAN with a server on each NIC that they name. `// packages: dnsmasq-base` */

import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { renewerLock } from '../../shared/ipam/dhcp/renewer.ts'
import { attach } from './attach.ts'
import { dnsmasqOn } from './dhcp-dnsmasq.ts'
import { segment, station } from './dhcp-segment.ts'
import { type Setting, testLasting } from './lasting.ts'
import { exampleNetwork } from './networks.ts'
import { start } from './program.ts'
import { test } from './test.ts'
import { pings } from './traffic.ts'

const router = '192.168.76.1'

/** Makes NICs of the host, each with a server and router at the other end of its cable. */
export async function servedLans(...nics: string[]): Promise<void> {
  holdRenewerLock()
  for (const nic of nics) {
    const server = station(segment(nic), `server-${nic}`, `${router}/24`)
    await dnsmasqOn(server, { ranges: ['192.168.76.100,192.168.76.199,1h'], options: { router } })
  }
}

/** As `patchbay dhcp` does: CHECK and doctor warn without it. */
function holdRenewerLock(): void {
  mkdirSync('/run/patchbay', { recursive: true })
  const renewer = start('flock', ['-F', renewerLock, 'sleep', '100'])
  test.after(() => renewer.kill())
}

/** CHECK goes on to accept an example's containers; two of them reach the router and each other. */
export function testServed(file: string, setting: Setting = {}): void {
  testLasting(file, setting)
  test(`${file}: two containers have addresses of the server, and reach its router and each other`, async () => {
    const net = exampleNetwork(file)
    const [one, other] = [await attach(net), await attach(net)]
    for (const address of [...other.addresses, router]) assert.ok(pings(one, address), address)
    for (const { del } of [one, other]) await del()
  })
}
