/** A client goes on with a lease, or gives it back. */

import * as assert from 'uvu/assert'
import type { Exchange, Seen } from '../../../shared/dhcp/exchange.ts'
import type { Lease4 } from '../../../shared/dhcp/lease.ts'
import { decline, release } from '../../../shared/dhcp/v4/end.ts'
import { rebind, reboot, renew } from '../../../shared/dhcp/v4/extend.ts'
import { parseMessage } from '../../../shared/dhcp/v4/message.ts'
import type { Outcome4 } from '../../../shared/dhcp/v4/reply.ts'
import { test } from '../../harness/test.ts'
import { drive, newClock, type Server } from './drive.ts'
import { type Answer, address, addresses, bytesOf, client, described } from './messages.ts'

const lease: Lease4 = { address: '10.0.0.9/24', server: '10.0.0.1', routes: [], dns: {} }
const answering =
  (...answers: Answer[]): Server =>
  ({ payload }) =>
    answers.map((answer) => bytesOf(payload, answer))

/** What an exchange came to, in short. */
function run(exchange: (seen: Seen) => Exchange<Outcome4>, ...answers: Answer[]) {
  const seen: Seen = { sentences: [] }
  const driven = drive(exchange(seen), answering(...answers))
  const { outcome } = driven
  return {
    outcome: typeof outcome === 'object' ? outcome.lease.address : outcome,
    sent: driven.sent.map(({ payload, from, to }) => ({ ...described(payload), from, to })),
    waits: driven.waits,
    seen: seen.sentences,
  }
}

const renewing = (seen: Seen) => renew(client(), lease, 4000, seen)
const rebinding = (seen: Seen) => rebind(client({ broadcast: true }), lease, 4000, seen)
const [own, server] = [address('10.0.0.9'), address('10.0.0.1')]

test('RENEW asks the server by unicast, with the address in ciaddr and neither option 50 nor 54', () => {
  const got = run(renewing, { type: 'ACK' })
  assert.is(got.outcome, '10.0.0.9/24')
  assert.equal(got.sent, [{ type: 'REQUEST', ciaddr: '10.0.0.9', from: own, to: server }])
})

test('REBIND asks all from the own address; the answer is by unicast, also where others need a broadcast', () => {
  const got = run(rebinding, { type: 'ACK', server: '10.0.0.2', yiaddr: '10.0.0.9' })
  assert.is(got.outcome, '10.0.0.9/24')
  assert.equal(got.sent, [{ type: 'REQUEST', ciaddr: '10.0.0.9', from: own, to: undefined }])
})

test('each sends once and waits as long as the caller says', () => {
  for (const exchange of [renewing, rebinding]) {
    const got = run(exchange)
    assert.equal([got.outcome, got.sent.length, got.waits], [undefined, 1, [4000]])
  }
})

test('a NAK refuses', () => {
  for (const exchange of [renewing, rebinding]) assert.is(run(exchange, { type: 'NAK' }).outcome, 'refused')
})

test('a renewed lease can have another address', () => {
  assert.is(run(renewing, { type: 'ACK', yiaddr: '10.0.0.30' }).outcome, '10.0.0.30/24')
})

test('RENEW: what another server says counts nothing', () => {
  const got = run(renewing, { type: 'NAK', server: '10.0.0.2' }, { type: 'ACK' })
  assert.equal([got.outcome, got.seen], ['10.0.0.9/24', ['NAK of 10.0.0.2, which was not asked']])
})

test('an ACK that is no lease is no answer: the wait goes on', () => {
  const bad: Answer = { type: 'ACK', options: { 'subnet-mask': addresses('0.0.0.0') } }
  for (const exchange of [renewing, rebinding])
    assert.is(run(exchange, bad, { type: 'ACK' }).outcome, '10.0.0.9/24')
})

test('an OFFER is no answer to a REQUEST', () => {
  for (const exchange of [renewing, rebinding]) assert.is(run(exchange, { type: 'OFFER' }).outcome, undefined)
})

test('INIT-REBOOT asks all for the address, without a server and with an empty ciaddr', () => {
  const clock = newClock()
  const booting = (seen: Seen) => reboot(client(), own, { milliseconds: 3000, now: clock.now }, seen)
  const got = run(booting, { type: 'ACK' })
  assert.is(got.outcome, '10.0.0.9/24')
  assert.equal(got.sent, [{ type: 'REQUEST', wanted: '10.0.0.9', from: undefined, to: undefined }])
  assert.is(run(booting, { type: 'NAK' }).outcome, 'refused')
})

test('INIT-REBOOT sends again, and ends in time', () => {
  const clock = newClock()
  const limit = { milliseconds: 4000, now: clock.now }
  const driven = drive(reboot(client(), own, limit, { sentences: [] }), () => [], clock)
  assert.equal([driven.outcome, driven.waits], [undefined, [1000, 2000, 1000]])
  assert.equal(
    driven.sent.map(({ payload }) => described(payload).secs ?? 0),
    [0, 1, 3],
  )
})

test('RELEASE goes to the server by unicast, DECLINE to all; both without wishes', () => {
  const given = client({ hostname: 'a', broadcast: true })
  const back = release(given, lease)
  assert.equal([back.from, back.to], [own, server])
  assert.equal(described(back.payload), { type: 'RELEASE', ciaddr: '10.0.0.9', server: '10.0.0.1' })
  const clash = decline(given, own, server)
  assert.equal([clash.from, clash.to], [undefined, undefined])
  assert.equal(described(clash.payload), { type: 'DECLINE', wanted: '10.0.0.9', server: '10.0.0.1' })
  for (const { payload } of [back, clash])
    assert.equal(
      [...(parseMessage(payload)?.options.keys() ?? [])]
        .sort((one, other) => one - other)
        .filter((code) => code !== 50),
      [53, 54, 61],
    )
})

test('the identifier that `provide` has replaces the own one, also in what is believed', () => {
  const named = client({ provide: [[61, Buffer.from('\0mine')]] })
  assert.is(parseMessage(release(named, lease).payload)?.options.get(61)?.toString(), '\0mine')
  const exchange = (seen: Seen) => renew(named, lease, 1000, seen)
  const returned = (id: string): Answer => ({
    type: 'ACK',
    options: { 'dhcp-client-identifier': Buffer.from(id) },
  })
  assert.is(run(exchange, returned('\0mine')).outcome, '10.0.0.9/24')
  assert.is(run(exchange, returned('\0container/net/eth0')).outcome, undefined)
})

test.run()
