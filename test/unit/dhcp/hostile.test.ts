/** Bytes of a hostile server, random and mutated: nothing throws, nothing takes long, and what becomes a lease is one that a container can have. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Exchange, Seen } from '../../../shared/dhcp/exchange.ts'
import type { Lease4 } from '../../../shared/dhcp/lease.ts'
import { acquire } from '../../../shared/dhcp/v4/acquire.ts'
import { parseClasslessRoutes } from '../../../shared/dhcp/v4/classless-routes.ts'
import { asking } from '../../../shared/dhcp/v4/client.ts'
import { parseDomainSearch } from '../../../shared/dhcp/v4/domain-search.ts'
import { rebind, reboot, renew } from '../../../shared/dhcp/v4/extend.ts'
import { leaseOf } from '../../../shared/dhcp/v4/lease.ts'
import { encodeMessage, type Message4, parseMessage } from '../../../shared/dhcp/v4/message.ts'
import { encodeOptions, parseOptions } from '../../../shared/dhcp/v4/option-bytes.ts'
import { type Options, options } from '../../../shared/dhcp/v4/options.ts'
import { payloadOf, udpPacket } from '../../../shared/dhcp/v4/packet.ts'
import type { Outcome4 } from '../../../shared/dhcp/v4/reply.ts'
import { domainNameOf, isUnicast } from '../../../shared/dhcp/v4/values.ts'
import { parseAddress } from '../../../shared/ip/address.ts'
import { whyUnusable } from '../../../shared/ip/host.ts'
import { parseCidr } from '../../../shared/ip/subnet.ts'
import { test } from '../../harness/test.ts'
import { drive, newClock } from './drive.ts'
import { address, addresses, answerTo, client } from './messages.ts'

const seed = 19

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes)
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(toBuffer)

/** Addresses as a hostile server chooses them. */
const quad = fc.oneof(
  fc.constantFrom(
    '0.0.0.0',
    '10.0.0.1',
    '10.0.0.9',
    '10.0.0.255',
    '255.255.255.255',
    '255.255.255.0',
    '127.0.0.1',
  ),
  fc.ipV4(),
)
const quads = fc.array(quad, { minLength: 1, maxLength: 12 }).map((texts) => addresses(...texts))
/** Names, pointers, and pieces of names in any order. */
const names = fc
  .array(fc.constantFrom('016100', '0162c000', '0163c003', '026162c005', '00', 'c000', '0161'), {
    maxLength: 12,
  })
  .map((parts) => Buffer.from(parts.join(''), 'hex'))
const routes = fc
  .array(fc.constantFrom('00 0a000001', '18 0a0000 00000000', '20 ac100001 c0000201', '21', '08 7f 0a000009'))
  .map((parts) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex'))
const value = fc.oneof(quads, names, routes, bytes(8), bytes(300), fc.constant(Buffer.from('example.com')))

const codes = options.map(({ code }) => code as number)
const anyOptions: fc.Arbitrary<Options> = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...codes), fc.integer({ min: 1, max: 254 })), value), {
    maxLength: 12,
  })
  .map((pairs) => new Map(pairs))

/** What is asked; the random numbers are all alike, so each exchange has its transaction. */
const asked = asking(client(), 'REQUEST', { xid: 2 ** 31 })

const kinds = ['OFFER', 'ACK', 'NAK'] as const
type Damage = [at: number, byte: number]

/** An answer with options of its own; those that are left usual pass the first checks. */
const answer = fc
  .record({
    type: fc.constantFrom(...kinds),
    yiaddr: fc.oneof(fc.constant('10.0.0.9'), quad),
    more: anyOptions,
  })
  .map(({ type, yiaddr, more }): Message4 => {
    const message = answerTo(asked, { type, yiaddr })
    const keep = [...more].filter(([code]) => code !== 53 && code !== 61)
    return { ...message, options: new Map([...message.options, ...keep]) }
  })
const damages = fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 4 })

/** An answer as bytes, some of them changed, perhaps cut off. */
const payload = fc
  .tuple(answer, fc.oneof(fc.constant<Damage[]>([]), damages), fc.option(fc.nat(400), { freq: 8 }))
  .map(([message, changes, length]) => {
    const whole = encodeMessage(message)
    for (const [at, byte] of changes) whole[at % whole.length] = byte
    return length === null ? whole : whole.subarray(0, length)
  })

/** Holds for each lease, whatever made it. */
function holds({ address: own, server, gateway, routes: given, dns, mtu = 1500, ...times }: Lease4): void {
  const cidr = parseCidr(own)
  assert.ok(cidr && cidr.prefix > 0 && whyUnusable(cidr) === undefined, own)
  const hosts = [server, ...(gateway ? [gateway] : []), ...(dns.nameservers ?? [])]
  const hops = given.flatMap(({ gw }) => gw ?? [])
  for (const host of [...hosts, ...hops]) assert.ok(isUnicast(parseAddress(host) ?? address('0.0.0.0')), host)
  for (const { dst } of given) assert.ok(parseCidr(dst), dst)
  assert.is(new Set(given.map(({ dst }) => dst)).size, given.length)
  assert.ok(given.length <= 256 && (dns.nameservers ?? []).length <= 8 && (dns.search ?? []).length <= 32)
  for (const name of [...(dns.search ?? []), ...(dns.domain === undefined ? [] : [dns.domain])])
    assert.match(name, /^[\w-]+(\.[\w-]+)*$/)
  assert.ok(mtu >= 576 && mtu <= 65535)
  const { renew = 1, rebind = 2, expire = 3 } = times
  assert.ok(0 < renew && renew < rebind && rebind < expire)
}

function check<T>(numRuns: number, arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed, numRuns })
}

test('no bytes make a parser throw', () => {
  check(3000, bytes(400), (given) => {
    for (const parse of [parseMessage, parseDomainSearch, parseClasslessRoutes, domainNameOf]) parse(given)
    parseOptions([given])
    payloadOf(given, 68)
  })
})

test('names of pointers and labels in any order become names that resolv.conf can have, or none', () => {
  let read = 0
  check(3000, names, (given) => {
    for (const name of parseDomainSearch(given) ?? [])
      assert.ok(++read && domainNameOf(Buffer.from(name)) === name)
  })
  assert.ok(read > 100, `${read} names`)
})

test('options are read as they are written', () => {
  check(500, anyOptions, (given) => assert.equal(parseOptions([encodeOptions(given)]), given))
})

test('a packet with changed bytes is not read, or has a payload that is in it', () => {
  const [from, to] = [address('10.0.0.1'), address('10.0.0.9')]
  const whole = udpPacket({ from, to, sourcePort: 67, targetPort: 68, payload: Buffer.alloc(20, 9) })
  check(2000, fc.tuple(damages, fc.nat(60)), ([changes, length]) => {
    const copy = Buffer.from(whole)
    for (const [at, byte] of changes) copy[at % copy.length] = byte
    assert.ok((payloadOf(copy.subarray(0, length), 68)?.length ?? 0) <= Math.max(0, length - 28))
  })
})

test('whatever an answer says, what becomes a lease can be used', () => {
  let leases = 0
  check(3000, payload, (given) => {
    const message = parseMessage(given)
    const leased = message && leaseOf(message)
    if (typeof leased !== 'object') return
    leases++
    holds(leased.lease)
    assert.ok(leased.warnings.length <= 8)
  })
  assert.ok(leases > 300, `${leases} leases`)
})

test('the largest list of far routes and names takes bounded work', () => {
  const far = (at: number) => `20${(0xac100000 + at).toString(16)}${(0xc0000000 + at).toString(16)}`
  const many = Buffer.from(Array.from({ length: 7000 }, (_, at) => far(at)).join(''), 'hex')
  const message = answerTo(asked, {
    type: 'ACK',
    options: {
      'classless-static-routes': many,
      'domain-search': Buffer.from(`0161${'00c000'.repeat(20_000)}`, 'hex'),
    },
  })
  const leased = leaseOf(parseMessage(encodeMessage(message)) as Message4)
  if (typeof leased !== 'object') throw new Error(leased)
  holds(leased.lease)
})

const lease: Lease4 = { address: '10.0.0.9/24', server: '10.0.0.1', routes: [], dns: {} }
type Start = (limit: { milliseconds: number; now(): number }, seen: Seen) => Exchange<Outcome4>

const exchanges: Record<string, Start> = {
  acquire: (limit, seen) => acquire(client(), { ...limit, rapidCommit: false }, seen),
  'acquire by rapid commit': (limit, seen) => acquire(client(), { ...limit, rapidCommit: true }, seen),
  reboot: (limit, seen) => reboot(client(), address('10.0.0.9'), limit, seen),
  renew: ({ milliseconds }, seen) => renew(client(), lease, milliseconds, seen),
  rebind: ({ milliseconds }, seen) => rebind(client(), lease, milliseconds, seen),
}

for (const [name, start] of Object.entries(exchanges))
  test(`${name} ends, with few messages, whatever comes as answers`, () => {
    let leases = 0
    check(250, fc.array(fc.array(payload, { maxLength: 3 }), { minLength: 1, maxLength: 6 }), (rounds) => {
      const [clock, seen]: [ReturnType<typeof newClock>, Seen] = [newClock(), { sentences: [] }]
      const exchange = start({ milliseconds: 20_000, now: clock.now }, seen)
      const { outcome, sent } = drive(exchange, (_, nth) => rounds[nth % rounds.length] ?? [], clock)
      assert.ok(sent.length <= 20 && clock.time <= 21_010, `${sent.length} messages`)
      assert.ok(seen.sentences.length <= 8 && seen.sentences.every((one) => /^[ -~]{1,200}$/.test(one)))
      if (typeof outcome !== 'object') return
      leases++
      holds(outcome.lease)
    })
    assert.ok(leases > 10, `${leases} leases`)
  })

test.run()
