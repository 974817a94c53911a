/** `patchbay dhcp` renews leases of DHCPv6 (RFC 8415 section 18.2.4), and applies what becomes of them. */
// needs: link macvlan
// unpacked: kea-dhcp6-server, radvd

import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost, setSysctl } from '../harness/host.ts'
import { addresses, inContainer, link, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
setSysctl('net/ipv6/conf/eth0/disable_ipv6', 1)
const router = station(lan, 'router', 'fd00:1::1/64')
const home = station(lan, 'home')
const ear = listenOn(home)
const advertising = await radvdOn(router, { prefixes: ['fd00:1::/64'], managed: true })
const renewer = await startRenewer()

/** T1 is a second, T2 8 s. A busy server answers before the end. */
const times = [16, 1, 8] as const
const served = (pool = 'fd00:1::100-fd00:1::10f') => keaOn(home, { subnet: 'fd00:1::/64', pool, times })
const net = network('lan', {
  type: 'macvlan',
  master: 'eth0',
  ipam: { type: 'dhcp', ipv4: false, ipv6: 'both' },
})

const checked = ({ check }: Attached) =>
  check().then(
    () => 'fine',
    (error) => String(error),
  )

const leased = (guest: Attached) => addresses('eth0', guest).filter((text) => text.endsWith('/128'))
const made = (guest: Attached) => addresses('eth0', guest).filter((text) => /^fd00:.*\/64$/.test(text))
const renewals = (type: string) => ear.asked().filter((one) => one === type).length

let server = await served()
const guest = await attach(net)

test('a lease is renewed at T1, and CHECK goes on', async () => {
  const { since = 0 } = entryOf(guest)?.lease6 ?? {}
  const [own] = leased(guest)
  await until(
    'it is renewed twice',
    () => renewals('RENEW') > 1 && (entryOf(guest)?.lease6?.since ?? 0) > since,
  )
  assert.equal([leased(guest), await checked(guest)], [[own], 'fine'])
  assert.equal(
    renewer.log().filter((line) => line.includes('changed')),
    [],
  )
})

test('when no server answers until the end, the address goes, the link and the address of the prefix stay, and CHECK says so', async () => {
  await server.end()
  const before = renewals('REBIND')
  await until('the address is gone', () => leased(guest).length === 0)
  assert.ok(renewals('REBIND') > before)
  assert.ok(link('eth0', guest).flags.includes('UP'))
  assert.is(made(guest).length, 1)
  assert.match(await checked(guest), 'has a lease that has ended: that of fd00:1::100')
})

test('a server that gives another address then is followed, and CHECK agrees; addresses of prefixes are left to the kernel', async () => {
  await advertising.restart({ prefixes: ['fd00:2::/64'] })
  await until('there is an address of the new prefix', () => made(guest).length === 2)
  inContainer(guest, `address delete ${made(guest).find((text) => text.startsWith('fd00:1:'))} dev eth0`)
  server = await served('fd00:1::200-fd00:1::20f')
  await until('there is another address', () => leased(guest).length > 0)
  await until('the entry has it', () => entryOf(guest)?.former === undefined)
  assert.equal([leased(guest), await checked(guest)], [['fd00:1::200/128'], 'fine'])
  assert.equal(
    made(guest).filter((text) => text.startsWith('fd00:1:')),
    [],
  )
  assert.ok(routes(6, guest).includes(`default via ${router.linkLocal}`))
  await guest.del()
  await until('the server has its address back', () => server.leases().length === 0)
  await server.end()
  await renewer.end()
})

test.run()
