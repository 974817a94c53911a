/** The servers of the tests of DHCP, without our client: each gives what its test asks for, and says what it did. */
// packages: dnsmasq-base, busybox
// unpacked: kea-dhcp4-server, kea-dhcp6-server, radvd

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { sendDhcp6, udhcpc } from '../harness/dhcp-client.ts'
import { dnsmasqOn, relayOn } from '../harness/dhcp-dnsmasq.ts'
import { byFirst, listenOn } from '../harness/dhcp-heard.ts'
import { answer4, good4, hostileOn } from '../harness/dhcp-hostile.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { encode6, iaNa, option6, sameClient } from '../harness/dhcp-message6.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { join, type Station, segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { addresses, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()

/** A station that has nothing but its NIC. */
const guest = station(lan, 'guest')
const ear = listenOn(guest)

/** What clients said since. */
function since(before: number) {
  return ear.dhcp().slice(before)
}

test('dnsmasq leases with options, knows its leases, and has another range after a restart', async () => {
  const server = await dnsmasqOn(station(lan, 'one', '10.1.0.1/24'), {
    ranges: ['10.1.0.100,10.1.0.110,2m'],
    options: { router: '10.1.0.254', 26: '1400' },
    hosts: [`${guest.mac},10.1.0.7`],
  })
  const before = ear.dhcp().length
  const found = udhcpc(guest, '-x', 'hostname:gast', '-O', 'mtu')
  assert.is(found?.ip, '10.1.0.7')
  assert.equal([found?.router, found?.mtu, found?.lease], ['10.1.0.254', '1400', '120'])
  const [lease] = server.leases()
  assert.equal([lease?.address, lease?.mac, lease?.hostname], ['10.1.0.7', guest.mac, 'gast'])
  assert.is(lease?.clientId, `01:${guest.mac}`)
  const said = since(before)
  assert.equal(byFirst(said.map(({ type }) => type)), ['DISCOVER', 'OFFER', 'REQUEST', 'ACK'])
  assert.is(said.find(({ type }) => type === 'REQUEST')?.requested, '10.1.0.7')
  const again = await server.restart({ ranges: ['10.1.0.200,10.1.0.210,2m'], hosts: [] })
  assert.match(udhcpc(guest)?.ip ?? '', /^10\.1\.0\.20\d|210$/)
  await again.end()
})

test('Kea leases for seconds, and has the lease in its file', async () => {
  const server = await keaOn(station(lan, 'two', '10.2.0.1/24'), {
    subnet: '10.2.0.0/24',
    pool: '10.2.0.100-10.2.0.110',
    options: { routers: '10.2.0.1' },
  })
  const found = udhcpc(guest)
  assert.equal([found?.ip, found?.lease], ['10.2.0.100', '4'])
  const ack = ear.dhcp().findLast(({ type }) => type === 'ACK')
  assert.equal([ack?.options[58], ack?.options[59]], ['00000001', '00000002'])
  assert.equal([server.leases()[0]?.address, server.leases()[0]?.mac], ['10.2.0.100', guest.mac])
  await server.end()
})

/** Asks for an address of IPv6 in one round trip. @returns the answer */
async function solicit(duid: string) {
  const before = ear.dhcp6().length
  const asks = [option6(1, duid), option6(14, ''), option6(3, '0a0b0c0d0000000000000000'), option6(8, '0000')]
  sendDhcp6(guest, guest.linkLocal, encode6('SOLICIT', asks, 'abcdef'))
  await until('a server answers', () => ear.dhcp6().length > before + 1)
  return ear.dhcp6()[before + 1]
}

const duid = `00030001${guest.mac.replaceAll(':', '')}`

test('Kea leases an address of IPv6 in one round trip', async () => {
  const at = station(lan, 'three', 'fd00:3::1/64')
  const keys = { 'rapid-commit': true }
  const server = await keaOn(at, { subnet: 'fd00:3::/64', pool: 'fd00:3::100-fd00:3::100', keys })
  const reply = await solicit(duid)
  assert.equal([reply?.type, reply?.xid, reply?.addresses], ['REPLY', 'abcdef', ['fd00:3::100']])
  const [lease] = server.leases()
  assert.equal([lease?.address, lease?.clientId?.replaceAll(':', '')], ['fd00:3::100', duid])
  await server.end()
})

test('dnsmasq leases an address of IPv6, and advertises itself as router', async () => {
  const at = station(lan, 'four', 'fd00:9::1/64')
  const ranges = ['fd00:9::100,fd00:9::100,64,2m', '10.9.0.100,10.9.0.110,2m']
  const server = await dnsmasqOn(at, { ranges, ra: true, words: ['--dhcp-rapid-commit'] })
  const reply = await solicit(duid)
  assert.equal([reply?.type, reply?.addresses], ['REPLY', ['fd00:9::100']])
  // It answers before it writes.
  await until('the server has the lease', () => server.leases().length > 0)
  const [lease] = server.leases()
  assert.equal([lease?.address, lease?.clientId?.replaceAll(':', '')], ['fd00:9::100', duid])
  assert.is(lease?.mac, undefined)
  for (const state of ['down', 'up']) ip(`-n guest link set eth0 ${state}`) // the guest solicits an advertisement
  await until('the guest has a route', () => hasDefaultRoute(at))
  await server.end()
})

test('radvd has an interface autoconfigure itself', async () => {
  const router = station(lan, 'router')
  const server = await radvdOn(router, { prefixes: ['fd00:4::/64'] })
  const isThere = () => addresses('eth0', guest).some((address) => address.startsWith('fd00:4::'))
  await until('the guest has an address', isThere)
  await until('the guest has a route', () => hasDefaultRoute(router))
  await server.end()
})

test('a relay asks a server on another segment', async () => {
  const [clients, servers] = [segment('eth1'), segment('eth2')]
  const relay = station(clients, 'relay', '10.5.0.1/24')
  join(servers, relay, 'eth9', '10.6.0.1/24')
  const far = station(servers, 'far', '10.6.0.2/24')
  ip('-n far route add default via 10.6.0.1')
  const server = await dnsmasqOn(far, { ranges: ['10.5.0.100,10.5.0.100,255.255.255.0,2m'] })
  const heard = listenOn(far)
  const between = await relayOn(relay, '10.5.0.1', '10.6.0.2')
  assert.is(udhcpc(station(clients, 'client'))?.ip, '10.5.0.100')
  assert.is(heard.dhcp()[0]?.giaddr, '10.5.0.1')
  await between.end()
  await server.end()
})

test('a hostile server answers what a test chooses, and is silent about the rest', async () => {
  const server = await hostileOn(station(lan, 'evil', '10.7.0.1/24'), '10.7.0.1')
  const good = { server: '10.7.0.1', yiaddr: '10.7.0.9' }
  const before = ear.dhcp().length
  const zero = { xid: '00000000' }
  const [offer, ack] = [answer4('OFFER', good), answer4('ACK', good)]
  const storm = { ...answer4('NAK', good, zero), times: 3 }
  const [next] = good4({ ...good, yiaddr: '10.7.0.10' }).REQUEST ?? []
  server.behave({ DISCOVER: [[answer4('OFFER', good, zero), offer]], REQUEST: [[storm, ack], next ?? []] })
  assert.is(udhcpc(guest)?.ip, '10.7.0.9')
  const said = ['DISCOVER', 'OFFER', 'OFFER', 'REQUEST', 'NAK', 'NAK', 'NAK', 'ACK']
  assert.equal(
    since(before).map(({ type }) => type),
    said,
  )
  assert.is(since(before)[1]?.xid, '00000000')
  assert.is(udhcpc(guest)?.ip, '10.7.0.10')
  assert.equal(ear.asked().slice(-4), ['DISCOVER', 'REQUEST', 'DISCOVER', 'REQUEST'])
  await server.end()
})

test('a hostile server of IPv6 knows whom it answers', async () => {
  const at = station(lan, 'evil6')
  const server = await hostileOn(at, at.linkLocal)
  const times = [1, 2, 3, 4] as const
  const bytes = encode6('ADVERTISE', [sameClient, option6(2, '0001'), iaNa('fd00:8::1', times)])
  server.behave({ SOLICIT: [[{ bytes }]] })
  const answer = await solicit('0004aa')
  assert.equal([answer?.type, answer?.xid, answer?.client], ['ADVERTISE', 'abcdef', '0004aa'])
  assert.equal([answer?.iaids, answer?.addresses], [['0a0b0c0d'], ['fd00:8::1']])
  await server.end()
})

function hasDefaultRoute(router: Station): boolean {
  return routes(6, guest).some((route) => route.startsWith(`default via ${router.linkLocal}`))
}

test.run()
