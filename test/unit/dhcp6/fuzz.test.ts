/** Hostile servers of DHCPv6: whatever the bytes are, nothing throws or hangs, and what comes out is a lease that can be used. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Exchange, Seen } from '../../../shared/dhcp/exchange.ts'
import type { Lease6, LeaseDns } from '../../../shared/dhcp/lease.ts'
import { rebind, renew } from '../../../shared/dhcp/v6/extend.ts'
import { informationRequest } from '../../../shared/dhcp/v6/information.ts'
import { isUsable } from '../../../shared/dhcp/v6/lease.ts'
import { type Message, MessageType, parseMessage } from '../../../shared/dhcp/v6/message.ts'
import { option } from '../../../shared/dhcp/v6/options.ts'
import { solicit } from '../../../shared/dhcp/v6/solicit.ts'
import { parseAddress } from '../../../shared/ip/address.ts'
import { isDomainName } from '../../../shared/ip/names.ts'
import { test } from '../../harness/test.ts'
import { answer, client, ia, type Network, one, play, status } from './server.ts'

const old: Lease6 = { server: one, addresses: ['fd00::1'], dns: {} }

/** Every exchange; how long they may take in all is bounded by the network's clock. */
const exchanges: Record<string, (now: () => number, seen: Seen) => Exchange<unknown>> = {
  solicit: (now, seen) => solicit(client, { rapidCommit: true, milliseconds: 5000, now }, seen),
  renew: (_, seen) => renew(client, old, { milliseconds: 5000 }, seen),
  rebind: (_, seen) => rebind(client, old, { milliseconds: 5000 }, seen),
  information: (now, seen) => informationRequest(client, { milliseconds: 5000, now }, seen),
}

const time = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.integer({ min: 0, max: 0xffffffff }))
const someAddress = fc.oneof(
  fc.constantFrom('::', '::1', 'ff02::1', 'fe80::1', '2001:db8::1', 'fd00::2', '::ffff:0:1'),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((low) => `2001:db8::${(low & 0xffffn).toString(16)}`),
)
const someOption = fc.oneof(
  fc
    .tuple(
      fc.array(fc.record({ address: someAddress, preferred: time, valid: time }), { maxLength: 30 }),
      fc.record({ iaid: fc.constantFrom(7, 8), t1: time, t2: time }),
    )
    .map(([addresses, rest]) => ia(addresses, rest)),
  fc.tuple(fc.nat({ max: 7 }), fc.string()).map(([code, text]) => status(code, text)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => option('DNS_SERVERS', bytes)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => option('DOMAIN_LIST', bytes)),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => option('PREFERENCE', bytes)),
  fc.constant(option('RAPID_COMMIT')),
  fc.record({
    code: fc.nat({ max: 0xffff }),
    data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
)

/** How a well-formed answer is damaged: bytes changed, a part cut off. */
const damage = fc.record({
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.constant<[number, number][]>([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }) },
  ),
  cut: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 60 }) }),
})

type Make = (to: Message) => Buffer
const somePayload: fc.Arbitrary<Make> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => () => Buffer.from(bytes)),
  fc
    .tuple(
      fc.constantFrom(MessageType.ADVERTISE, MessageType.REPLY),
      fc.array(someOption, { maxLength: 6 }),
      damage,
    )
    .map(
      ([type, options, how]) =>
        (to: Message) =>
          damaged(answer(to, type, one, options), how),
    ),
)

function damaged(payload: Buffer, { changes, cut }: { changes: [number, number][]; cut: number }): Buffer {
  for (const [at, value] of changes) payload[at % payload.length] = value
  return payload.subarray(0, payload.length - Math.min(cut, payload.length))
}

const network = fc.array(fc.tuple(fc.integer({ min: 0, max: 1200 }), somePayload), { maxLength: 8 }).map(
  (list): Network =>
    (sent) =>
      list.map(([after, make]) => ({ after, payload: make(sent) })),
)

/** How many leases came out: a fuzz test that never gets one tests little. */
const got = { lease: 0, dns: 0, refused: 0 }

function judge(outcome: unknown): void {
  if (outcome === undefined) return
  if (outcome === 'refused') got.refused++
  else if (typeof outcome === 'object' && outcome !== null && 'lease' in outcome)
    judgeLease(outcome.lease as Lease6)
  else if (typeof outcome === 'object' && outcome !== null && 'server' in outcome)
    judgeLease(outcome as Lease6)
  else judgeDns(outcome as LeaseDns)
}

function judgeLease({ server, addresses, dns, renew, rebind, expire }: Lease6): void {
  got.lease++
  assert.match(server, /^([0-9a-f]{2}){3,130}$/)
  assert.ok(addresses.length > 0 && addresses.length <= 16)
  assert.is(new Set(addresses).size, addresses.length)
  for (const text of addresses) {
    const address = parseAddress(text)
    assert.ok(address && isUsable(address), text)
  }
  for (const seconds of [renew, rebind, expire])
    assert.ok(seconds === undefined || (Number.isInteger(seconds) && seconds > 0 && seconds < 0xffffffff))
  if (expire !== undefined && renew !== undefined && rebind !== undefined)
    assert.ok(renew <= rebind && rebind <= expire, `${renew} ${rebind} ${expire}`)
  judgeDns(dns)
}

function judgeDns({ nameservers = [], search = [] }: LeaseDns): void {
  got.dns++
  assert.ok(nameservers.length <= 8 && search.length <= 16)
  assert.ok(nameservers.every((text) => parseAddress(text)?.family === 6))
  assert.ok(search.every(isDomainName))
}

for (const [name, begin] of Object.entries(exchanges))
  test(`${name}: hostile servers cause no exception and no endless exchange, and every lease can be used`, () => {
    fc.assert(
      fc.property(network, (hostile) => {
        const seen: Seen = { sentences: [] }
        const { outcome, end } = play((now) => begin(now, seen), hostile)
        assert.ok(end <= 5000, `it took ${end} ms`)
        assert.ok(seen.sentences.every((line) => line.length < 500 && /^[\x20-\x7e]*$/.test(line)))
        judge(outcome)
      }),
      { numRuns: 400, seed: 1 },
    )
  })

test('the hostile servers got past the codec: there were leases, DNS and refusals among the outcomes', () => {
  assert.ok(got.lease > 50 && got.dns > 50 && got.refused > 20, JSON.stringify(got))
})

test('any bytes behind a header are a message or none', () => {
  fc.assert(
    fc.property(fc.nat({ max: 14 }), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      const message = parseMessage(Buffer.from([type, 0, 0, 1, ...bytes]))
      const size = message?.options.reduce((sum, { data }) => sum + 4 + data.length, 0)
      assert.ok(message === undefined || size === bytes.length)
    }),
    { numRuns: 3000, seed: 1 },
  )
})

test.run()
