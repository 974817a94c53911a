/** dhcp with IPv6: addresses from routers' prefixes and of DHCPv6 servers, the gateway and DNS of either, and what is refused. */
// needs: link macvlan
// packages: dnsmasq-base
// unpacked: kea-dhcp6-server, radvd

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, errorOf, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { inTurn, listenOn } from '../harness/dhcp-heard.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { radvdOn } from '../harness/dhcp-radvd.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import type { Server } from '../harness/dhcp-server.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { addresses, inContainer } from '../harness/look.ts'
import { call, type Result } from '../harness/plugin.ts'
import { snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
// The host's own NIC is no part of it: routers change its addresses.
setSysctl('net/ipv6/conf/eth0/disable_ipv6', 1)
const router = station(lan, 'router', 'fd00:1::1/64', 'fd00:2::1/64')
const home = station(lan, 'home')
const ear = listenOn(router)

/** A network on the segment, of IPv6 alone. */
function network(ipv6: string, ipam: Record<string, unknown> = {}) {
  const own = { type: 'dhcp', ipv4: false, ipv6, timeout: 20, ...ipam }
  return { type: 'macvlan', master: 'eth0', cniVersion: '1.1.0', name: 'lan', ipam: own }
}

/** Servers that a test has started. */
const servers: Server[] = []

test.after.each(async () => {
  for (const server of servers.splice(0)) await server.end()
})

/** Has a server end with the test. */
async function during<T extends Server>(starting: Promise<T>): Promise<T> {
  const server = await starting
  servers.push(server)
  return server
}

let attachments = 0

/** A call for a new container. */
function attaching(config: ReturnType<typeof network>) {
  const container = newContainer()
  return { container, request: { config, containerID: `a${++attachments}`, netns: container.path } }
}

type Attaching = ReturnType<typeof attaching>['request']

const deleted = async (request: Attaching) => assert.equal(await call({ verb: 'DEL', ...request }), done)
const checked = (request: Attaching, prevResult: object) =>
  call({ verb: 'CHECK', ...request, config: { ...request.config, prevResult } })

/** Addresses of IPv6 but for the link-local one. */
const globals = (container: Netns) => addresses('eth0', container).filter((text) => text.startsWith('fd00:'))

const prefixes = ['fd00:1::/64']
/** Of Kea's leases: none ends while a test runs. */
const times = [3600, 1800, 2880] as const

test('slaac gives the address that the kernel made, the router as gateway, and its DNS; DEL leaves nothing', async () => {
  await during(radvdOn(router, { prefixes, rdnss: ['fd00::53', 'fe80::53'], dnssl: ['a.example'] }))
  const { container, request } = attaching(network('slaac', { priority: 50 }))
  const before = snapshotOf(container.name)
  const said = ear.asked().length
  const result = await added(request)
  const [address = ''] = globals(container)
  assert.match(address, /^fd00:1::.*\/64$/)
  const gateway = router.linkLocal
  assert.equal(
    [result.ips?.length, result.ips?.[0]?.address, result.ips?.[0]?.gateway],
    [1, address, gateway],
  )
  assert.equal(result.routes, [{ dst: '::/0', gw: gateway, priority: 50 }])
  assert.equal(result.dns, { nameservers: ['fd00::53', 'fe80::53%eth0'], search: ['a.example'] })
  assert.match(inContainer(container, '-6 route show default'), /proto ra metric 50/)
  assert.ok(pings(container, 'fd00:1::1'))
  assert.equal(await checked(request, result), done)
  await deleted(request)
  assert.equal([ear.asked().slice(said), readdirSync('/run/patchbay/dhcp')], [[], []])
  unchanged(before, () => snapshotOf(container.name))
})

test('a new prefix in the place of the former is no fault for CHECK, and no address at all is one', async () => {
  const server = await during(radvdOn(router, { prefixes }))
  const { container, request } = attaching(network('slaac'))
  const result = await added(request)
  await during(server.restart({ prefixes: ['fd00:2::/64'] }))
  await until('there is an address of the new prefix', () => globals(container).length === 2)
  assert.equal(await checked(request, result), done)
  inContainer(container, `address delete ${result.ips?.[0]?.address} dev eth0`)
  assert.equal(await checked(request, result), done)
  setSysctl('net/ipv6/conf/eth0/accept_ra', 0, container.name)
  inContainer(container, 'address flush dev eth0 scope global')
  assert.match(errorOf(await checked(request, result)).said, /eth0 lacks its address fd00:1::/)
  await deleted(request)
})

test('dhcp6 gives each address that the server gives, and RELEASE gives them back; nothing is said of IPv4', async () => {
  const ranges = ['fd00:1::100,fd00:1::1ff,64,2m', 'fd00:2::100,fd00:2::1ff,64,2m']
  const options = { 'option6:dns-server': '[fd00::53]', 'option6:domain-search': 'a.example' }
  const server = await during(dnsmasqOn(router, { ranges, ra: true, options }))
  const { container, request } = attaching(network('dhcp6'))
  const before = ear.asked().length
  const result = await added(request)
  const own = result.ips?.map(({ address }) => address) ?? []
  assert.equal(own.map((text) => text.replace(/1..\/128$/, '')).sort(), ['fd00:1::', 'fd00:2::'])
  assert.equal([...own].sort(), globals(container).sort())
  assert.equal(result.routes, [{ dst: '::/0', gw: router.linkLocal }])
  assert.equal(result.dns, { nameservers: ['fd00::53'], search: ['a.example'] })
  assert.ok(pings(container, 'fd00:2::1'))
  assert.is((await checked(request, result)).status, 0)
  await deleted(request)
  await until('the server has its addresses back', () => server.leases().length === 0)
  assert.equal(inTurn(ear.asked().slice(before)), ['SOLICIT', 'REQUEST', 'RELEASE'])
})

test('with slaac and the flag O a server of DHCPv6 is asked for DNS alone', async () => {
  await during(radvdOn(router, { prefixes, other: true }))
  const options = { 'dns-servers': 'fd00::54', 'domain-search': 'b.example' }
  await during(keaOn(home, { subnet: prefixes[0] ?? '', pool: 'fd00:1::100-fd00:1::101', times, options }))
  const { request } = attaching(network('slaac'))
  const before = ear.asked().length
  const { dns, ips } = await added(request)
  assert.equal([dns, ips?.length], [{ nameservers: ['fd00::54'], search: ['b.example'] }, 1])
  assert.equal(inTurn(ear.asked().slice(before)), ['INFORMATION-REQUEST'])
  await deleted(request)
})

test('an address of DHCPv6 that another machine has is declined, and the next one is taken', async () => {
  await during(radvdOn(router, { prefixes, autonomous: false }))
  await during(keaOn(home, { subnet: prefixes[0] ?? '', pool: 'fd00:1::100-fd00:1::101', times }))
  ip('-n router address add fd00:1::100/64 dev eth0 nodad')
  const { request } = attaching(network('dhcp6', { arpProbe: true }))
  const before = ear.asked().length
  const { status, json, stderr } = await call({ verb: 'ADD', ...request })
  assert.equal([status, (json as Result | undefined)?.ips?.[0]?.address], [0, 'fd00:1::101/128'])
  assert.match(stderr, `fd00:1::100 is in use by ${router.mac}: it is declined`)
  const said = ear.asked().slice(before)
  assert.equal(inTurn(said), ['SOLICIT', 'REQUEST', 'DECLINE', 'SOLICIT', 'REQUEST'])
  await deleted(request)
  ip('-n router address del fd00:1::100/64 dev eth0')
})

test('when IPv4 fails, what DHCPv6 has given meanwhile goes back', async () => {
  const server = await during(
    keaOn(home, { subnet: prefixes[0] ?? '', pool: 'fd00:1::100-fd00:1::101', times }),
  )
  await until('DHCPv6 has given something meanwhile', async () => {
    const before = ear.asked().length
    const { code, said } = await refused({ config: network('dhcp6', { ipv4: true, timeout: 5 }) })
    assert.is(code, 11)
    assert.match(said, 'no DHCP server answered on eth0 within 5 s')
    return ear.asked().slice(before).includes('RELEASE')
  })
  await until('the server has its address back', () => server.leases().length === 0)
})

test('GC gives the addresses of DHCPv6 back; without a router there is no gateway, and a warning', async () => {
  const server = await during(
    keaOn(home, { subnet: prefixes[0] ?? '', pool: 'fd00:1::100-fd00:1::101', times }),
  )
  const { request } = attaching(network('dhcp6', { timeout: 20 }))
  const { status, json, stderr } = await call({ verb: 'ADD', ...request })
  assert.equal([status, json?.routes ?? [], server.leases().length], [0, [], 1])
  assert.match(stderr, 'eth0 has no gateway of IPv6: no router advertises itself')
  const config = { ...request.config, 'cni.dev/valid-attachments': [] }
  assert.equal(await call({ verb: 'GC', config }), done)
  await until('the server has its address back', () => server.leases().length === 0)
  await deleted(request)
})

test('without a router slaac ends in time, and names the interface and the commands that show more', async () => {
  const { code, said } = await refused({ config: network('slaac', { timeout: 1 }) })
  assert.is(code, 11)
  assert.match(said, 'no router advertised itself on eth0 within 1 s')
  assert.match(said, /see: nsenter --net=\/run\/netns\/c\d+ tcpdump -ni eth0 icmp6/)
})

test('slaac is refused where the router says that addresses are from DHCPv6, and has no prefix for them', async () => {
  await during(radvdOn(router, { prefixes, autonomous: false, managed: true }))
  await until('the router is heard in time', async () => {
    const { code, said } = await refused({ config: network('slaac', { timeout: 10 }) })
    return code === 7 && said.includes('set ipam.ipv6 to "dhcp6"')
  })
})

test('without a server dhcp6 ends in time, and names the interface and the command that shows more', async () => {
  const { code, said } = await refused({ config: network('dhcp6', { timeout: 1 }) })
  assert.is(code, 11)
  assert.match(said, 'no DHCPv6 server answered on eth0 within 1 s')
  assert.match(said, 'tcpdump -ni eth0 port 546 or port 547')
})

test('on a bridge with an uplink two containers have an address of the prefix and one of the server each', async () => {
  const there = segment('eth2')
  const at = station(there, 'beside', 'fd00:3::1/64')
  await during(radvdOn(at, { prefixes: ['fd00:3::/64'] }))
  await during(keaOn(at, { subnet: 'fd00:3::/64', pool: 'fd00:3::100-fd00:3::10f', times }))
  const bridged = { ...network('both'), type: 'bridge', bridge: 'br2', uplinks: ['eth2'] }
  const all = [attaching(bridged), attaching(bridged)]
  const own: string[] = []
  for (const { request, container } of all) {
    own.push(...((await added(request)).ips ?? []).map(({ address }) => address))
    assert.ok(pings(container, 'fd00:3::1'))
  }
  assert.is(new Set(own).size, 4, own.join())
  for (const { request } of all) await deleted(request)
})

test.run()
