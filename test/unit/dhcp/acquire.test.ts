/** A client gets a lease from servers that answer, answer late, refuse, or lie. */

import * as assert from 'uvu/assert'
import type { Seen } from '../../../shared/dhcp/exchange.ts'
import { type Acquire, acquire } from '../../../shared/dhcp/v4/acquire.ts'
import type { Client4 } from '../../../shared/dhcp/v4/client.ts'
import { parseMessage } from '../../../shared/dhcp/v4/message.ts'
import { test } from '../../harness/test.ts'
import { drive, newClock, type Server } from './drive.ts'
import { type Answer, address, addresses, bytesOf, client, described } from './messages.ts'

interface Options extends Partial<Acquire> {
  client?: Partial<Client4>
}

/** Gets a lease within 10 seconds from a server, and says what was sent. */
function get(server: Server, { client: more, ...how }: Options = {}) {
  const [seen, clock]: [Seen, ReturnType<typeof newClock>] = [{ sentences: [] }, newClock()]
  const exchange = acquire(
    client(more),
    { rapidCommit: false, milliseconds: 10_000, now: clock.now, ...how },
    seen,
  )
  const driven = drive(exchange, server, clock)
  const sent = driven.sent.map(({ payload }) => described(payload))
  return {
    ...driven,
    address: driven.outcome?.lease.address,
    seen: seen.sentences,
    sent,
    elapsed: clock.time - 1000,
  }
}

/** A server that answers each kind of message in its own way. */
function answering(ways: { DISCOVER?: Answer[]; REQUEST?: Answer[] }): Server {
  return ({ payload }) => {
    const { type } = described(payload)
    return (ways[type as 'DISCOVER' | 'REQUEST'] ?? []).map((answer) => bytesOf(payload, answer))
  }
}

const offer: Answer = { type: 'OFFER' }
const ack: Answer = { type: 'ACK' }
const second = '10.0.0.2'

/** 10.0.0.1 offers first, and a second server offers 10.0.0.20; each acknowledges, or not, in its own way. */
function twoServers(first: (request: Buffer) => Buffer[]): Server {
  return ({ payload }) => {
    const { type, server } = described(payload)
    if (type === 'DISCOVER')
      return [
        bytesOf(payload, offer),
        bytesOf(payload, { type: 'OFFER', server: second, yiaddr: '10.0.0.20' }),
      ]
    if (server === '10.0.0.1') return first(payload)
    return [bytesOf(payload, { type: 'ACK', server: second, yiaddr: '10.0.0.20' })]
  }
}

test('DISCOVER, OFFER, REQUEST, ACK: the offer is named by its address and its server', () => {
  const got = get(answering({ DISCOVER: [offer], REQUEST: [ack] }))
  assert.is(got.address, '10.0.0.9/24')
  assert.equal(got.sent, [{ type: 'DISCOVER' }, { type: 'REQUEST', wanted: '10.0.0.9', server: '10.0.0.1' }])
  assert.equal(got.seen, [])
})

test('a client says who it is and what it would like to know, in DISCOVER and in REQUEST', () => {
  const sent: Buffer[] = []
  const answers = answering({ DISCOVER: [offer], REQUEST: [ack] })
  const wishes: Partial<Client4> = {
    hostname: 'web-0',
    vendorClass: 'docs',
    broadcast: true,
    request: [1, 3, 33, 121],
    provide: [
      [77, Buffer.from('users')],
      [53, Buffer.from([7])],
      [54, Buffer.from([1, 2, 3, 4])],
    ],
  }
  get(
    (datagram, nth) => {
      sent.push(datagram.payload)
      return answers(datagram, nth)
    },
    { client: wishes },
  )
  for (const payload of sent) {
    const message = parseMessage(payload)
    const option = (code: number) => message?.options.get(code)?.toString()
    assert.equal([61, 12, 60, 77].map(option), ['\0container/net/eth0', 'web-0', 'docs', 'users'])
    assert.equal([...(message?.options.get(55) ?? [])], [121, 1, 3, 33])
    assert.is(message?.broadcast, true)
  }
  assert.equal(
    sent.map((payload) => described(payload).type),
    ['DISCOVER', 'REQUEST'],
  )
  assert.equal(described(sent[1] as Buffer).server, '10.0.0.1')
})

test('REQUEST has the transaction of the OFFER; a new course has another', () => {
  const xids: (number | undefined)[] = []
  let numbers = 0
  const nak = answering({ DISCOVER: [offer], REQUEST: [{ type: 'NAK' }] })
  const server: Server = (datagram, nth) => {
    xids.push(parseMessage(datagram.payload)?.xid)
    return nak(datagram, nth)
  }
  get(server, { milliseconds: 5000, client: { random: () => (numbers++ % 100) / 100 } })
  assert.is(xids[0], xids[1])
  assert.is(xids[2], xids[3])
  assert.is.not(xids[0], xids[2])
})

test('the address that the client would like is in DISCOVER', () => {
  const got = get(answering({ DISCOVER: [offer], REQUEST: [ack] }), { wanted: address('10.0.0.77') })
  assert.equal(got.sent[0], { type: 'DISCOVER', wanted: '10.0.0.77' })
})

test('without a server DISCOVER is sent after 1, 2, 4 and always 8 seconds, with the seconds since the beginning', () => {
  const got = get(() => [], { milliseconds: 30_000 })
  assert.is(got.outcome, undefined)
  assert.equal(got.waits, [1000, 2000, 4000, 8000, 8000, 7000])
  assert.equal(
    got.sent.map(({ secs = 0 }) => secs),
    [0, 1, 3, 7, 15, 23],
  )
  assert.is(got.elapsed, 30_000)
})

test('waits differ by a quarter, so that clients do not send together', () => {
  assert.is(get(() => [], { client: { random: () => 0 } }).waits[0], 750)
  assert.is(get(() => [], { client: { random: () => 0.996 } }).waits[0], 1248)
})

test('a server that is dead at REQUEST: after three the client begins again, and takes another server', () => {
  const got = get(
    twoServers(() => []),
    { milliseconds: 20_000 },
  )
  assert.is(got.address, '10.0.0.20/24')
  assert.equal(
    got.sent.map(({ type }) => type),
    ['DISCOVER', 'REQUEST', 'REQUEST', 'REQUEST', 'DISCOVER', 'REQUEST'],
  )
})

test('REQUEST has the seconds of its DISCOVER', () => {
  const got = get(({ payload }, nth) => (nth === 2 ? [bytesOf(payload, offer)] : []), { milliseconds: 3000 })
  assert.equal(
    got.sent.slice(1, 4).map(({ type, secs }) => `${type} ${secs}`),
    ['DISCOVER 1', 'REQUEST 1', 'REQUEST 1'],
  )
})

test('a server that failed is taken again when no other offers', () => {
  let requests = 0
  const server: Server = ({ payload }) => {
    if (described(payload).type === 'DISCOVER') return [bytesOf(payload, offer)]
    return ++requests > 3 ? [bytesOf(payload, ack)] : []
  }
  assert.is(get(server).address, '10.0.0.9/24')
})

test('a NAK begins again after a pause, and its text is in the error', () => {
  const text = Buffer.from('wrong\nnetwork')
  const nak: Answer = { type: 'NAK', options: { 'dhcp-message': text } }
  const got = get(twoServers((request) => [bytesOf(request, nak)]))
  assert.is(got.address, '10.0.0.20/24')
  assert.equal(got.seen, ['NAK of 10.0.0.1: wrong?network'])
  assert.ok(got.elapsed >= 1000)
})

test('NAKs without end: few messages, and the time ends', () => {
  const got = get(answering({ DISCOVER: [offer], REQUEST: [{ type: 'NAK' }] }), { milliseconds: 60_000 })
  assert.is(got.outcome, undefined)
  assert.ok(got.sent.length < 30, `${got.sent.length} messages in a minute`)
  assert.ok(got.elapsed <= 60_010)
})

test('an ACK that is no lease begins again with another server, and the error says why', () => {
  const bad: Answer = { type: 'ACK', options: { 'subnet-mask': addresses('0.0.0.0') } }
  const got = get(twoServers((request) => [bytesOf(request, bad)]))
  assert.is(got.address, '10.0.0.20/24')
  assert.equal(got.seen, ['ACK of 10.0.0.1: 0.0.0.0 is no mask of a subnet (option 1)'])
})

test('two servers: the ACK and the NAK of the one that was not asked count nothing', () => {
  for (const type of ['ACK', 'NAK'] as const) {
    const got = get(
      answering({ DISCOVER: [offer], REQUEST: [{ type, server: second, yiaddr: '10.0.0.66' }, ack] }),
    )
    assert.is(got.address, '10.0.0.9/24')
    assert.equal(got.seen, [`${type} of 10.0.0.2, which was not asked`])
  }
})

test('an OFFER that comes late, after the REQUEST of another, counts nothing', () => {
  const late: Answer = { type: 'OFFER', yiaddr: '10.0.0.66' }
  const got = get(answering({ DISCOVER: [offer], REQUEST: [late, ack] }))
  assert.equal([got.address, got.seen], ['10.0.0.9/24', []])
})

test('an OFFER for another client is not taken: by its MAC address, its identifier, its transaction', () => {
  const other = (answer: Partial<Answer>) => get(answering({ DISCOVER: [{ ...offer, ...answer }] })).seen
  assert.equal(other({ header: { mac: Buffer.from('02005e100002', 'hex') } }), [
    'OFFER of 10.0.0.1 for another client',
  ])
  assert.equal(other({ options: { 'dhcp-client-identifier': Buffer.from('\0other') } }), [
    'OFFER of 10.0.0.1 for another client',
  ])
  assert.equal(other({ header: { xid: 1 } }), ['OFFER of 10.0.0.1 for another request'])
})

test('a server that returns the identifier (RFC 6842) is believed', () => {
  const same = { options: { 'dhcp-client-identifier': Buffer.from('\0container/net/eth0') } }
  const got = get(answering({ DISCOVER: [{ ...offer, ...same }], REQUEST: [{ ...ack, ...same }] }))
  assert.is(got.address, '10.0.0.9/24')
})

test('an OFFER of no address, or without a server, is not taken', () => {
  const seen = (answer: Partial<Answer>) => get(answering({ DISCOVER: [{ ...offer, ...answer }] })).seen
  assert.equal(seen({ yiaddr: '0.0.0.0' }), ['OFFER of 10.0.0.1: it offers 0.0.0.0, and cannot be taken'])
  assert.equal(seen({ server: '' }), [
    'OFFER of a server without identifier: it offers 10.0.0.9, and cannot be taken',
  ])
})

test('a request of another client, and an answer of a kind that no client gets, are nothing', () => {
  const got = get(
    ({ payload }) => [
      payload,
      bytesOf(payload, { type: 'INFORM' }),
      bytesOf(payload, { ...offer, header: { op: 1 } }),
    ],
    { milliseconds: 500 },
  )
  assert.equal([got.sent, got.seen], [[{ type: 'DISCOVER' }], []])
})

test('rapid commit: one ACK is enough, but only with the option and where it was asked for', () => {
  const rapid: Answer = { type: 'ACK', options: { 'rapid-commit': Buffer.alloc(0) } }
  assert.is(get(answering({ DISCOVER: [rapid] }), { rapidCommit: true }).address, '10.0.0.9/24')
  assert.is(get(answering({ DISCOVER: [rapid] })).address, undefined)
  assert.is(get(answering({ DISCOVER: [ack] }), { rapidCommit: true }).address, undefined)
})

test('rapid commit with a server that does not know it: the four messages', () => {
  const got = get(answering({ DISCOVER: [offer], REQUEST: [ack] }), { rapidCommit: true })
  assert.equal([got.address, got.sent.length], ['10.0.0.9/24', 2])
})

test('without time nothing is sent', () => {
  assert.equal(get(() => [], { milliseconds: 0 }).sent, [])
})

test.run()
