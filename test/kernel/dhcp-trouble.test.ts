/** dhcp in trouble: no server, servers that are silent, refuse or lie, addresses in use, interfaces that cannot ask. Nothing is left. */
// needs: link macvlan, link macvtap

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { answer4, type Behaviour, good4, hostileOn, type Reply } from '../harness/dhcp-hostile.ts'
import type { Form4 } from '../harness/dhcp-message4.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, inContainer, link } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const home = station(lan, 'home', '10.1.0.1/24')
const server = await hostileOn(home, '10.1.0.1')
const ear = listenOn(home)

/** The first ADD makes what all share. */
await call({ verb: 'DEL', config: { type: 'macvlan', name: 'lan', cniVersion: '1.1.0' } })

function network(ipam: Record<string, unknown> = {}, keys: Record<string, unknown> = {}) {
  const base = { type: 'macvlan', master: 'eth0', cniVersion: '1.1.0', name: 'lan' }
  return { ...base, ...keys, ipam: { type: 'dhcp', timeout: 1, ...ipam } }
}

const good = { server: '10.1.0.1', yiaddr: '10.1.0.9' }

/** An ADD that is refused while the server behaves so. @returns what it says, and what clients said meanwhile */
async function refusedBy(behaviour: Behaviour, ipam = {}) {
  server.behave(behaviour)
  return refusedNow(ipam)
}

async function refusedNow(ipam = {}) {
  const before = ear.asked().length
  const { code, said } = await refused({ config: network(ipam) })
  assert.equal(
    [code, readdirSync('/run/patchbay').includes('dhcp') ? readdirSync('/run/patchbay/dhcp') : []],
    [11, []],
  )
  return { said, asked: ear.asked().slice(before) }
}

/** The same for one that must say this: again until the server answers within the second, which a busy one does not. @returns what clients said */
async function refusedSaying(behaviour: Behaviour, says: RegExp | string): Promise<string[]> {
  server.behave(behaviour)
  let found: { said: string; asked: string[] } | undefined
  await until(`the error says ${says}`, async () => {
    found = await refusedNow()
    return found.said.match(says) !== null
  })
  return found?.asked ?? []
}

test('without a server ADD ends in time, and names the interface and the commands that show more', async () => {
  const { said, asked } = await refusedBy({})
  assert.match(said, 'no DHCP server answered on eth0 within 1 s')
  assert.match(said, /see: nsenter --net=\/run\/netns\/c\d+ tcpdump -ni eth0 port 67 or port 68/)
  assert.match(said, /patchbay capture \/run\/netns\/c\d+ -i eth0 port 67 or port 68/)
  assert.is(asked[0], 'DISCOVER')
})

test('a server that offers and then is silent gives no address', async () => {
  const says = 'within 1 s: OFFER of 10.1.0.1, which does not answer a REQUEST'
  const asked = await refusedSaying({ DISCOVER: [[answer4('OFFER', good)]] }, says)
  assert.equal([asked[0], asked.includes('REQUEST')], ['DISCOVER', true])
})

test('a server that refuses is quoted', async () => {
  const options = [
    [54, '0a010001'],
    [56, Buffer.from('pool is full').toString('hex')],
  ] as const
  const nak = answer4('NAK', good, { options })
  const says = 'no DHCP server gave eth0 an address within 1 s: NAK of 10.1.0.1: pool is full'
  await refusedSaying({ DISCOVER: [[answer4('OFFER', good)]], REQUEST: [[nak]] }, says)
})

const usual = (...options: [number, string][]): Partial<Form4> => ({
  options: [[54, '0a010001'], ...options],
})
const time: [number, string] = [51, '00000078']

/** ACKs that are none, and what the error says of them. */
const spoilt: Record<string, [Partial<Form4>[], RegExp]> = {
  'for another client, or for another request': [
    [{ chaddr: '020000000001' }, { xid: '00000001' }],
    /ACK of 10\.1\.0\.1 for another client.*ACK of 10\.1\.0\.1 for another request/,
  ],
  'without a mask': [[usual(time)], /ACK of 10\.1\.0\.1: DHCP option Subnet Mask is missing in DHCPACK/],
  'of the address 0.0.0.0': [[{ yiaddr: '0.0.0.0' }], /0\.0\.0\.0 is the unspecified address/],
}

for (const [name, [forms, says]] of Object.entries(spoilt))
  test(`an ACK ${name} gives no address, and is named`, async () => {
    const acks = forms.map((form) => answer4('ACK', good, form))
    await refusedSaying({ DISCOVER: [[answer4('OFFER', good)]], REQUEST: [acks] }, says)
  })

/** An ADD that succeeds, and its DEL. @returns the result, what was warned of, the MTU and the addresses */
async function attached(behaviour: Behaviour, ipam = {}) {
  server.behave(behaviour)
  const container = newContainer()
  const request = { config: network({ timeout: 60, ...ipam }), netns: container.path }
  const before = ear.dhcp().length
  const { status, json, stderr } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0, JSON.stringify(json))
  const found = { stderr, mtu: link('eth0', container).mtu, addresses: addresses('eth0', container) }
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  return { ...found, said: ear.dhcp().slice(before) }
}

test('an MTU of 68 is ignored with a warning, and a greater one than that of the interface, too', async () => {
  const small = await attached(good4({ ...good, options: [[26, '0044']] }))
  assert.is(small.mtu, 1500)
  assert.match(small.stderr, 'DHCP server 10.1.0.1: an MTU of 68 is ignored')
  assert.is((await attached(good4({ ...good, options: [[26, '2328']] }))).mtu, 1500)
})

test('neighbours that knew another owner of the address learn of the new one', async () => {
  ip('-n home neighbour replace 10.1.0.9 lladdr 02:00:00:00:00:99 dev eth0 nud stale')
  server.behave(good4(good))
  const container = newContainer()
  const request = { config: network({ timeout: 60 }), netns: container.path }
  await added(request)
  assert.match(ip('-n home neighbour show 10.1.0.9'), link('eth0', container).address)
  assert.equal(await call({ verb: 'DEL', ...request }), done)
})

test('a NAK storm before the good answer does no harm', async () => {
  const wrong: Reply = { ...answer4('NAK', good, { xid: '00000000' }), times: 50 }
  const { REQUEST = [] } = good4(good)
  const behaviour = { DISCOVER: [[answer4('OFFER', good)]], REQUEST: [[wrong, ...(REQUEST[0] ?? [])]] }
  assert.equal((await attached(behaviour)).addresses, ['10.1.0.9/24'])
})

/** Offers these addresses, one after the other. */
function offering(...yiaddrs: string[]): Behaviour {
  const each = (type: 'OFFER' | 'ACK') => yiaddrs.map((yiaddr) => [answer4(type, { ...good, yiaddr })])
  return { DISCOVER: each('OFFER'), REQUEST: each('ACK') }
}

test('with arpProbe an address that another machine has is declined, and the server is asked for another', async () => {
  station(lan, 'holder', '10.1.0.50/24')
  const { addresses, said, stderr } = await attached(offering('10.1.0.50', '10.1.0.51'), {
    arpProbe: true,
  })
  assert.equal(addresses, ['10.1.0.51/24'])
  assert.match(stderr, /10\.1\.0\.50 is in use by [0-9a-f:]{17}: it is declined/)
  const decline = said.find(({ type }) => type === 'DECLINE')
  assert.equal([decline?.requested, decline?.server], ['10.1.0.50', '10.1.0.1'])
})

test('with arpProbe a server whose addresses are all in use is given up after four', async () => {
  const { said, asked } = await refusedBy(offering('10.1.0.50'), { arpProbe: true, timeout: 60 })
  assert.match(said, '10.1.0.50 is in use already')
  assert.is(asked.filter((type) => type === 'DECLINE').length, 4)
})

test('a machine behind a macvtap asks for its address itself: dhcp is refused', async () => {
  const { code, said } = await refused({ config: network({}, { type: 'macvtap' }) })
  assert.is(code, 7)
  assert.match(said, 'eth0 is a macvtap: the guest asks for its address itself: leave ipam out')
})

/** The kernel gives an interface its queue when it is up for the first time. */
function wasUp(ifname: string, container: Netns): void {
  for (const state of ['up', 'down']) inContainer(container, `link set ${ifname} ${state}`)
}

test('called by itself without an interface, dhcp says that it needs one', async () => {
  const { code, said } = await refused({ config: { ...network(), type: 'dhcp' } })
  assert.is(code, 7)
  assert.match(said, 'the container has no interface eth0 that dhcp could ask through')
})

test('called by itself for an interface that is down, dhcp sets it up, and down again when it fails', async () => {
  const container = newContainer()
  ip(`link add eth7 link eth0 netns ${container.name} type macvlan`)
  wasUp('eth7', container)
  const request = { config: { ...network(), type: 'dhcp' }, ifname: 'eth7', netns: container.path }
  server.behave({})
  const { code } = await refused(request, container)
  assert.equal([code, link('eth7', container).flags.includes('UP')], [11, false])
  server.behave(good4(good))
  request.config.ipam.timeout = 60
  assert.equal((await added(request)).ips, [{ address: '10.1.0.9/24' }])
  assert.ok(link('eth7', container).flags.includes('UP'))
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  assert.is(ear.asked().at(-1), 'RELEASE')
})

test('an interface without a carrier is waited for within the timeout', async () => {
  const container = newContainer()
  ip(`link add eth8 netns ${container.name} type veth peer name lost`)
  wasUp('eth8', container)
  const request = { config: { ...network(), type: 'dhcp' }, ifname: 'eth8', netns: container.path }
  const { code, said } = await refused(request, container)
  assert.is(code, 11)
  assert.match(said, 'eth8 has no carrier after 1 s: no DHCP server can be asked')
})

test.run()
