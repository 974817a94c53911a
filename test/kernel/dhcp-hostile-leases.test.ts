/** Servers that give an address, and with it what a container cannot have or should not get: the lease is sound, and what was ignored is said. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { answer4, type Behaviour, type Good4, good4, hostileOn, type Reply } from '../harness/dhcp-hostile.ts'
import { type Asking, type Leased, leased, unleased } from '../harness/dhcp-lease.ts'
import { quads, seconds } from '../harness/dhcp-message4.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { link, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lan = segment()
const server = await hostileOn(station(lan, 'evil', '10.7.0.1/24'), '10.7.0.1')
const ear = listenOn(station(lan, 'ear'))
const good: Good4 = { server: '10.7.0.1', yiaddr: '10.7.0.9' }

/** A good server's lease with these options. */
function gives(...options: NonNullable<Good4['options']>): Behaviour {
  return good4({ ...good, options })
}

/** Leases from a server that behaves so, and gives back; a container has an address in any case. */
async function from(behaviour: Behaviour, look: (lease: Leased) => void, asking: Partial<Asking> = {}) {
  server.behave(behaviour)
  const lease = await leased({ nic: lan.nic, ...asking })
  assert.match(lease.result.ips[0]?.address ?? '', /^10\.7\.0\.\d+\/24$/)
  assert.match(lease.stderr, /^[ -~\n]*$/)
  look(lease)
  await lease.end()
}

const bytes = (text: string) => Buffer.from(text).toString('hex')

test('a gateway outside the subnet is reached by a route to itself', () =>
  from(gives([3, quads('192.0.2.1')]), ({ container, result }) => {
    assert.is(result.ips[0]?.gateway, '192.0.2.1')
    const there = routes(4, container)
    assert.equal(there, ['default via 192.0.2.1', '10.7.0.0/24', '192.0.2.1'])
  }))

for (const gateway of ['10.7.0.9', '224.0.0.1', '0.0.0.0', '10.7.0.255', '127.0.0.1'])
  test(`the gateway ${gateway} is none, and a warning says so`, () =>
    from(gives([3, quads(gateway)]), ({ container, result, stderr }) => {
      assert.is(result.ips[0]?.gateway, undefined)
      assert.equal(routes(4, container), ['10.7.0.0/24'])
      assert.ok(stderr.includes(`warning: DHCP server 10.7.0.1: the route to 0.0.0.0/0 is ignored`), stderr)
    }))

test('an MTU of 68 is ignored with a warning, one of 65535 is no longer than the link', async () => {
  await from(gives([26, '0044']), ({ container, stderr }) => {
    assert.is(link('eth0', container).mtu, 1500)
    assert.ok(stderr.includes('an MTU of 68 is ignored'), stderr)
  })
  await from(gives([26, 'ffff']), ({ container }) => assert.is(link('eth0', container).mtu, 1500))
})

test('a lease without end has no times; T1 after T2 after the end are the usual ones', async () => {
  await from(good4({ ...good, lease: 0xffffffff }), ({ entry }) => {
    const { renew, rebind, expire } = entry?.lease4 ?? {}
    assert.equal([renew, rebind, expire], [undefined, undefined, undefined])
  })
  await from(gives([58, seconds(400)], [59, seconds(300)]), ({ entry }) => {
    const { renew, rebind, expire } = entry?.lease4 ?? {}
    assert.equal([renew, rebind, expire], [60, 105, 120])
  })
})

/** What would be lines of resolv.conf, of a log, or commands of a terminal. */
const hostile = [
  'a.example\nnameserver 192.0.2.66',
  'a b',
  'a\x1b[2J',
  'a..b',
  '$(reboot)',
  'ä.example',
  '../etc',
]

test('a domain that is none, and a search list that is, reach neither result nor log', async () => {
  for (const text of hostile) {
    const label = bytes(text)
    const search = `${(label.length / 2).toString(16).padStart(2, '0')}${label}00`
    await from(gives([15, label], [119, search]), ({ result, stderr }) => {
      assert.equal(result.dns ?? {}, {}, text)
      assert.ok(stderr.includes('option 15 (domain-name) is malformed'), stderr)
      assert.ok(stderr.includes('option 119 (domain-search) is malformed'), stderr)
    })
  }
})

test('search lists that point to themselves, forwards or out of the option are ignored', async () => {
  for (const list of ['c000', '0161c000', '0161c005c000', '0161c0ff', '01', '3f61'])
    await from(gives([119, list]), ({ result, stderr }) => {
      assert.equal(result.dns ?? {}, {}, list)
      assert.ok(stderr.includes('option 119 (domain-search) is malformed'), stderr)
    })
})

/** Option 121 in pieces (RFC 3396): so many routes, with prefixes of 8 and 12 bits, so that 260 fit into the longest frame that is read. */
function manyRoutes(count: number): NonNullable<Good4['options']> {
  const dst = (at: number) =>
    at < 100 ? `08${(16 + at).toString(16)}` : `0c${(0x8000 + 16 * at).toString(16)}`
  const route = (at: number) => `${dst(at)}${quads('10.7.0.1')}`
  const all = Array.from({ length: count }, (_, at) => route(at)).join('')
  return (all.match(/.{1,504}/g) ?? []).map((piece) => [121, piece] as const)
}

test('of 260 routes 256 are taken with a warning; a message of 14 KB, which no client asks for, is none', async () => {
  const jumbo = 'mtu 65535'
  for (const name of ['lan', 'host', 'evil']) ip(`-n hub-eth0 link set ${name} ${jumbo}`)
  ip(`-n evil link set eth0 ${jumbo}`)
  ip(`link set eth0 ${jumbo}`)
  await from(gives(...manyRoutes(260)), ({ container, stderr }) => {
    assert.is(routes(4, container).length, 257)
    assert.ok(stderr.includes('routes after the first 256 are ignored'), stderr)
  })
  server.behave(gives(...manyRoutes(2000)))
  assert.match(await unleased({ nic: lan.nic }), /no DHCP server answered on eth0/)
})

test('an ACK for another address than the one offered is the lease', () => {
  const ack = answer4('ACK', { ...good, yiaddr: '10.7.0.77' })
  return from({ ...good4(good), REQUEST: [[ack]] }, ({ result }) =>
    assert.is(result.ips[0]?.address, '10.7.0.77/24'),
  )
})

test('an ACK after a NAK counts nothing: the server is asked anew', () => {
  const next = { ...good, yiaddr: '10.7.0.10' }
  const first: Reply[] = [answer4('NAK', good), answer4('ACK', good)]
  const behaviour = { ...good4(next), REQUEST: [first, [answer4('ACK', next)]] }
  return from(behaviour, ({ result }) => assert.is(result.ips[0]?.address, '10.7.0.10/24'), {
    ipam: { timeout: 60 },
  })
})

test('among a thousand bad OFFERs and bytes of chance the good one is found', () => {
  const noise = Array.from({ length: 50 }, (_, at) => ({ bytes: bytes('\x02\x01\x06'.repeat(at)) }))
  const storm = { ...answer4('OFFER', good, { chaddr: '020000000001' }), times: 1000 }
  const [offer, ack] = [answer4('OFFER', good), answer4('ACK', good)]
  const behaviour = { DISCOVER: [[...noise, storm, offer], [offer]], REQUEST: [[storm, ack], [ack]] }
  return from(behaviour, () => {}, { ipam: { timeout: 60 } })
})

test('a host name of CNI_ARGS that is none is not sent', async () => {
  const ipam = { hostname: { fromArg: 'K8S_POD_NAME' } }
  const sent = () => ear.dhcp().findLast(({ type }) => type === 'REQUEST')?.options[12]
  for (const name of ['a b', 'a\x1b[2J', 'a\nb', '-a', 'a'.repeat(300)])
    await from(
      gives(),
      ({ stderr }) => {
        assert.ok(stderr.includes('K8S_POD_NAME of CNI_ARGS is'), stderr)
        assert.is(sent(), undefined)
      },
      { ipam, args: `IgnoreUnknown=1;K8S_POD_NAME=${name}` },
    )
  await from(gives(), () => assert.is(sent(), bytes('web-1')), {
    ipam,
    args: 'IgnoreUnknown=1;K8S_POD_NAME=web-1',
  })
})

test.run()
