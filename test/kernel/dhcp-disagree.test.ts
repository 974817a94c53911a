/** Servers that die between two messages, servers that do not know of each other, and a relay in between. */
// needs: link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { inTurn, listenOn } from '../harness/dhcp-heard.ts'
import { answer4, hostileOn } from '../harness/dhcp-hostile.ts'
import { leased } from '../harness/dhcp-lease.ts'
import { relayedSegment } from '../harness/dhcp-life.ts'
import { changeEntry, entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const [one, other] = [station(lan, 'one', '10.7.0.1/24'), station(lan, 'other', '10.7.0.2/24')]
const ear = listenOn(station(lan, 'ear'))

/** What clients and servers said since a place, in short. */
const since = (place: number) =>
  ear
    .dhcp()
    .slice(place)
    .map(({ type, from }) => `${type} ${from.address}`)

test('a server that dies after its OFFER is left for another one, which comes later', async () => {
  const dying = await hostileOn(one, '10.7.0.1')
  dying.behave({ DISCOVER: [[answer4('OFFER', { server: '10.7.0.1', yiaddr: '10.7.0.9' })], []] })
  const adding = leased({ nic: lan.nic, ipam: { timeout: 60 } })
  await until('it is asked for what it has offered', () => ear.asked().includes('REQUEST'))
  const server = await dnsmasqOn(other, { ranges: ['10.7.0.100,10.7.0.110,2m'], authoritative: false })
  const { result, entry, end } = await adding
  assert.match(result.ips[0]?.address ?? '', /^10\.7\.0\.1\d\d\/24$/)
  assert.is(entry?.lease4?.server, '10.7.0.2')
  await end()
  for (const each of [dying, server]) await each.end()
})

test('two servers with different ranges, each of which thinks it is alone: one gives, and the NAK of the other is not heard', async () => {
  const servers = [
    await dnsmasqOn(one, { ranges: ['10.7.0.50,10.7.0.59,2m'] }),
    await dnsmasqOn(other, { ranges: ['10.7.0.60,10.7.0.69,2m'] }),
  ]
  for (let nth = 0; nth < 4; nth++) {
    const [place, heard] = [ear.dhcp().length, ear.asked().length]
    const { result, entry, end } = await leased({ nic: lan.nic, ipam: { timeout: 60 } })
    const from = entry?.lease4?.server
    assert.match(
      result.ips[0]?.address ?? '',
      from === '10.7.0.1' ? /^10\.7\.0\.5\d\/24$/ : /^10\.7\.0\.6\d\/24$/,
    )
    await until('the other server refuses', () => since(place).some((line) => line.startsWith('NAK')))
    const asked = ear.asked().slice(heard)
    assert.is(inTurn(asked).filter((type) => type === 'DISCOVER').length, 1, asked.join())
    await end()
    for (const server of servers) await until('no lease is left', () => server.leases().length === 0)
  }
  for (const server of servers) await server.end()
})

test('a lease of a server behind a relay is renewed and given back by unicast through the router', async () => {
  const { far, server, end: endRelayed } = await relayedSegment()
  const heard = listenOn(far)
  const { container, entry, end } = await leased({ nic: 'eth1', ipam: { timeout: 60 } })
  changeEntry(container, ({ lease4 }) => ({ lease4: { ...lease4, renew: 0.1 } }))
  const renewer = await startRenewer()
  await until('it is renewed', () => (entryOf(container)?.lease4?.since ?? 0) > (entry?.lease4?.since ?? 0))
  await renewer.end()
  await end()
  await until('it is given back', () => server.leases().length === 0)
  const direct = heard.dhcp().filter(({ from }) => from.address === '10.5.0.100')
  assert.equal(inTurn(direct.map(({ type }) => type)), ['REQUEST', 'RELEASE'])
  assert.ok(direct.every(({ giaddr }) => giaddr === '0.0.0.0'))
  await endRelayed()
})

test.run()
