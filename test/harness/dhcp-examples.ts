/** Tests of the examples with dhcp: a LAN with a server on each NIC that they name. `// packages: dnsmasq-base` */

import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { isObject } from '../../shared/config/json.ts'
import { renewerLock } from '../../shared/ipam/dhcp/renewer.ts'
import { attach } from './attach.ts'
import { dnsmasqOn } from './dhcp-dnsmasq.ts'
import { segment, station } from './dhcp-segment.ts'
import { setSysctl } from './host.ts'
import { type Setting, testLasting } from './lasting.ts'
import { exampleNetwork } from './networks.ts'
import { start } from './program.ts'
import { test } from './test.ts'
import { pings } from './traffic.ts'

const router = { ipv4: '192.168.76.1', ipv6: 'fd00:76::1' }

/** Makes NICs of the host, each with a server and router of both families at the other end of its cable. */
export async function servedLans(...nics: string[]): Promise<void> {
  holdRenewerLock()
  // Else the bridge itself has an address of its LAN, which CHECK does not know.
  setSysctl('net/ipv6/conf/default/accept_ra', 0)
  for (const nic of nics) {
    const server = station(segment(nic), `server-${nic}`, `${router.ipv4}/24`, `${router.ipv6}/64`)
    const ranges = ['192.168.76.100,192.168.76.199,1h', 'fd00:76::,ra-only']
    await dnsmasqOn(server, { ranges, ra: true, options: { router: router.ipv4 } })
  }
}

/** As `patchbay dhcp` does: CHECK and doctor warn without it. */
function holdRenewerLock(): void {
  mkdirSync('/run/patchbay', { recursive: true })
  const renewer = start('flock', ['-F', renewerLock, 'sleep', 'infinity'])
  test.after(() => renewer.kill())
}

/** CHECK goes on to accept an example's containers; two of them reach the router and each other. */
export function testServed(file: string, setting: Setting = {}): void {
  testLasting(file, setting)
  test(`${file}: two containers have addresses of the server, and reach its router and each other`, async () => {
    const net = exampleNetwork(file)
    const isDual = net.plugins.some(({ ipam }) => isObject(ipam) && ipam.ipv6 !== undefined)
    const [one, other] = [await attach(net), await attach(net)]
    assert.is(other.addresses.length, isDual ? 2 : 1)
    const routers = isDual ? [router.ipv4, router.ipv6] : [router.ipv4]
    for (const address of [...other.addresses, ...routers]) assert.ok(pings(one, address), address)
    for (const { del } of [one, other]) await del()
  })
}
