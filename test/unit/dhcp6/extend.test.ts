/** How a client of DHCPv6 keeps its addresses, gives them back, and asks for DNS alone. */

import * as assert from 'uvu/assert'
import type { Exchange, Seen } from '../../../shared/dhcp/exchange.ts'
import type { Lease6 } from '../../../shared/dhcp/lease.ts'
import { rebind, renew } from '../../../shared/dhcp/v6/extend.ts'
import { informationRequest } from '../../../shared/dhcp/v6/information.ts'
import { decline, release } from '../../../shared/dhcp/v6/leave.ts'
import { type Message, MessageType, parseMessage } from '../../../shared/dhcp/v6/message.ts'
import { type Option, option, valueIn, valuesIn } from '../../../shared/dhcp/v6/options.ts'
import { request } from '../../../shared/dhcp/v6/request.ts'
import { encodeName } from '../../../shared/ip/names.ts'
import { test } from '../../harness/test.ts'
import { answer, client, ia, type Network, one, play, status, two } from './server.ts'

const lease: Lease6 = { server: one, addresses: ['2001:db8::1', 'fd00::1'], dns: {}, expire: 200 }
const attempt = { milliseconds: 5000 }
const renewed = { server: one, addresses: ['2001:db8::1'], dns: {}, renew: 50, rebind: 80, expire: 200 }
const given = [ia([{ address: '2001:db8::1' }])]

/** The answer of a server to everything. */
const from =
  (server: string, ...options: Option[]): Network =>
  (sent) => [{ after: 5, payload: answer(sent, MessageType.REPLY, server, options) }]

function run<Outcome>(begin: (seen: Seen, now: () => number) => Exchange<Outcome>, network: Network) {
  const seen: Seen = { sentences: [] }
  return { ...play((now) => begin(seen, now), network), ...seen }
}

const exchanges = { renew, rebind }
const extend = (how: keyof typeof exchanges, network: Network) =>
  run((seen) => exchanges[how](client, lease, attempt, seen), network)

/** The addresses of the IA_NA, without their times, and the server. */
function contents({ options }: Message): { addresses: string; server?: string } {
  const server = valueIn(options, 'SERVERID')?.toString('hex')
  return { addresses: valueIn(options, 'IA_NA')?.toString('hex', 12) ?? '', ...(server && { server }) }
}

const inside = `0005001820010db8${'00'.repeat(11)}01${'00'.repeat(8)}00050018fd00${'00'.repeat(13)}01${'00'.repeat(8)}`

test('RENEW asks the server of the lease for its addresses, REBIND any; each is sent once', () => {
  const renewal = extend('renew', from(one, ...given))
  assert.equal(renewal.outcome, { lease: renewed })
  assert.equal(renewal.sent, ['RENEW at 0'])
  assert.equal(renewal.messages.map(contents), [{ addresses: inside, server: one }])
  const rebinding = extend('rebind', from(two, ...given))
  assert.equal(rebinding.outcome, { lease: { ...renewed, server: two } })
  assert.equal(rebinding.messages.map(contents), [{ addresses: inside }])
})

test('a server that is silent leaves the lease as it was', () => {
  for (const how of ['renew', 'rebind'] as const) {
    const { outcome, sent, end } = extend(how, () => [])
    assert.equal([outcome, sent.length, end], [undefined, 1, 5000])
  }
})

test("another server's REPLY to a RENEW is no answer", () => {
  const { outcome, sentences } = extend('renew', from(two, ...given))
  assert.is(outcome, undefined)
  assert.equal(sentences, [`REPLY of another server, ${two}`])
})

test('a server that has forgotten the lease, or takes its addresses back, refuses', () => {
  for (const options of [
    [ia([], { inside: [status(3)] })],
    [ia([{ address: '2001:db8::1', preferred: 0, valid: 0 }])],
    [status(4)],
  ])
    for (const how of ['renew', 'rebind'] as const)
      assert.is(extend(how, from(one, ...options)).outcome, 'refused')
})

test('a server that cannot answer now, or forgets the addresses in its REPLY, does not end the lease', () => {
  for (const options of [[status(1)], [status(2)], [], [ia([])]])
    assert.is(extend('renew', from(one, ...options)).outcome, undefined)
})

test('after such a REPLY a good one is taken', () => {
  const network: Network = (sent) => [
    { after: 5, payload: answer(sent, MessageType.REPLY, one, [status(1)]) },
    { after: 9, payload: answer(sent, MessageType.REPLY, one, given) },
  ]
  assert.equal(extend('renew', network).outcome, { lease: renewed })
})

test('the time since the first attempt is in the message', () => {
  const { messages } = run(
    (seen) => renew(client, lease, { ...attempt, elapsed: 12_340 }, seen),
    () => [],
  )
  assert.is(valueIn(messages[0]?.options ?? [], 'ELAPSED_TIME')?.readUInt16BE(0), 1234)
})

test('REQUEST asks the server of a lease again; a REPLY without an address refuses it', () => {
  const ask = (network: Network) =>
    run((seen, now) => request(client, lease, { milliseconds: 9000, now }, seen), network)
  assert.equal(ask(from(one, ...given)).outcome, { lease: renewed })
  assert.equal(ask(from(one)).outcome, 'refused')
  const silent = ask(() => [])
  assert.equal([silent.outcome, silent.sent], [undefined, ['REQUEST at 0', 'REQUEST at 1050']])
})

test('RELEASE and DECLINE name server, IA and addresses', () => {
  for (const [leave, type] of [
    [release, MessageType.RELEASE],
    [decline, MessageType.DECLINE],
  ] as const) {
    const message = parseMessage(leave(client, lease).payload)
    assert.is(message?.type, type)
    assert.equal(message && contents(message), { addresses: inside, server: one })
    assert.is(valueIn(message?.options ?? [], 'CLIENTID')?.equals(client.duid), true)
  }
})

test('INFORMATION-REQUEST asks for DNS without addresses, again and again until a server answers', () => {
  const ask = (network: Network) =>
    run((seen, now) => informationRequest(client, { milliseconds: 9000, now }, seen), network)
  const dns = [
    option('DNS_SERVERS', Buffer.from(`fd${'00'.repeat(14)}35`, 'hex')),
    option('DOMAIN_LIST', encodeName('example.test')),
  ]
  const good = ask(from(one, ...dns))
  assert.equal(good.outcome, { nameservers: ['fd00::35'], search: ['example.test'] })
  assert.equal(valuesIn(good.messages[0]?.options ?? [], 'IA_NA'), [])
  assert.equal(ask(from(one)).outcome, {})
  const refused = ask(from(one, status(1)))
  assert.equal(refused.sentences, [`REPLY of server ${one} with UnspecFail`])
  assert.equal(
    refused.sent.map((line) => line.split(' at ')[1]),
    ['0', '1050', '3150', '7350'],
  )
})

test.run()
