/** How a client gets addresses, on a network that is played. */

import * as assert from 'uvu/assert'
import type { Seen } from '../../../shared/dhcp/exchange.ts'
import { type Message, MessageType } from '../../../shared/dhcp/v6/message.ts'
import { option, valueIn } from '../../../shared/dhcp/v6/options.ts'
import { type SolicitOptions, solicit } from '../../../shared/dhcp/v6/solicit.ts'
import { test } from '../../harness/test.ts'
import { answer, client, ia, type Network, one, play, server, status, together, two } from './server.ts'

/** Asks a network for 10 s at most. */
function ask(network: Network, how: Partial<SolicitOptions> = {}) {
  const seen: Seen = { sentences: [] }
  const played = play((now) => solicit(client, { milliseconds: 10_000, now, ...how }, seen), network)
  return { ...played, ...seen }
}

const nothing: Network = () => []
const advertise = (
  to: Message,
  ...rest: Parameters<typeof answer> extends [unknown, unknown, ...infer R] ? R : never
) => answer(to, MessageType.ADVERTISE, ...rest)

test('SOLICIT, ADVERTISE, REQUEST, REPLY: the lease is that of the REPLY, and takes a tenth of a second more than the network', () => {
  const given = [
    ia([{ address: '2001:db8::9' }]),
    option('DNS_SERVERS', Buffer.from(`fd${'00'.repeat(14)}35`, 'hex')),
  ]
  const { outcome, sent, messages, end } = ask(server({ reply: () => given }))
  const dns = { nameservers: ['fd00::35'] }
  assert.equal(outcome, { server: one, addresses: ['2001:db8::9'], dns, renew: 50, rebind: 80, expire: 200 })
  assert.equal(sent, ['SOLICIT at 0', 'REQUEST at 105'])
  assert.is(end, 110)
  assert.is(valueIn(messages[1]?.options ?? [], 'SERVERID')?.toString('hex'), one)
  assert.not.equal(messages[0]?.transaction, undefined)
})

test('an offer of preference 255 is taken at once', () => {
  assert.is(ask(server({ preference: 255 })).end, 10)
})

test('of two offers the one with the higher preference is taken, also when it comes later', () => {
  const late = server({ duid: two, preference: 9, after: 80 })
  assert.is(ask(together(server({ preference: 8 }), late)).outcome?.server, two)
  const tooLate = server({ duid: two, preference: 9, after: 180 })
  assert.is(ask(together(server({ preference: 8 }), tooLate)).outcome?.server, one)
})

test('of two offers of one preference the one with more addresses is taken', () => {
  const rich = server({ duid: two, addresses: ['2001:db8::2', 'fd00::2'] })
  assert.equal(ask(together(server(), rich)).outcome?.addresses, ['2001:db8::2', 'fd00::2'])
})

test('without an answer SOLICIT is sent again after 1, 2, 4 … s, as one transaction, until the time is over', () => {
  const { outcome, sent, messages, end } = ask(nothing)
  assert.is(outcome, undefined)
  assert.equal(sent, ['SOLICIT at 0', 'SOLICIT at 1050', 'SOLICIT at 3150', 'SOLICIT at 7350'])
  assert.is(new Set(messages.map(({ transaction }) => transaction)).size, 1)
  const times = messages.map(({ options }) => valueIn(options, 'ELAPSED_TIME')?.readUInt16BE(0))
  assert.equal(times, [0, 105, 315, 735])
  assert.is(end, 10_000)
})

test('a server that dies after its offer is asked twice, then another one', () => {
  const dead = server({ preference: 10, reply: () => undefined })
  const { outcome, sent } = ask(together(dead, server({ duid: two, after: 60 })))
  assert.is(outcome?.server, two)
  const first = ['SOLICIT at 0', 'REQUEST at 105', 'REQUEST at 1155']
  assert.equal(sent, [...first, 'SOLICIT at 3255', 'REQUEST at 3360'])
})

test('with rapid commit a REPLY with a lease ends it; a server without offers as always', () => {
  const rapid: Network = (sent) => [
    {
      after: 5,
      payload: answer(sent, MessageType.REPLY, one, [ia([{ address: 'fd00::1' }]), option('RAPID_COMMIT')]),
    },
  ]
  const { outcome, end } = ask(rapid, { rapidCommit: true })
  assert.equal([outcome?.addresses, end], [['fd00::1'], 5])
  assert.equal(ask(server(), { rapidCommit: true }).outcome?.addresses, ['2001:db8::1'])
  assert.is(ask(rapid).outcome, undefined, 'it was not asked for')
})

test('a REPLY to a SOLICIT without the option of rapid commit is no lease', () => {
  const wrong: Network = (sent) => [
    { after: 5, payload: answer(sent, MessageType.REPLY, one, [ia([{ address: 'fd00::1' }])]) },
  ]
  assert.is(ask(wrong, { rapidCommit: true }).outcome, undefined)
})

test('addresses that the client had are asked for again', () => {
  const { messages } = ask(nothing, { addresses: ['fd00::7'] })
  assert.match(valueIn(messages[0]?.options ?? [], 'IA_NA')?.toString('hex') ?? '', `fd${'00'.repeat(14)}07`)
})

const lease = [ia([{ address: 'fd00::1' }])]
for (const [what, payload, sentence] of [
  ['for another client', (to: Message) => foreign(to), `ADVERTISE of server ${one} for another client`],
  [
    'to another request',
    (to: Message) => advertise(to, one, lease, { transaction: to.transaction ^ 1 }),
    `ADVERTISE of server ${one} to another request`,
  ],
  ['without a server', (to: Message) => anonymous(to), "ADVERTISE without a server's identifier"],
  [
    'of a server whose DUID is too long',
    (to: Message) => advertise(to, '00'.repeat(131), lease),
    "ADVERTISE without a server's identifier",
  ],
  [
    'without an address',
    (to: Message) => advertise(to, one, []),
    `ADVERTISE of server ${one} without an address`,
  ],
  [
    'with a refusal',
    (to: Message) => advertise(to, one, [status(2, 'full')]),
    `ADVERTISE of server ${one} with NoAddrsAvail (full)`,
  ],
  [
    'that breaks off',
    (to: Message) => advertise(to, one, lease).subarray(0, -1),
    'a message that is malformed',
  ],
  [
    'of a client',
    (to: Message) => answer(to, MessageType.SOLICIT, one, lease),
    'SOLICIT, which answers nothing that was asked',
  ],
] as const)
  test(`an ADVERTISE ${what} is no offer, and is named`, () => {
    const { outcome, sentences } = ask((sent) => [{ after: 5, payload: payload(sent) }])
    assert.is(outcome, undefined)
    assert.equal(sentences, [sentence])
  })

function foreign(to: Message): Buffer {
  const other = { ...to, options: [option('CLIENTID', Buffer.from('000300010200000000ff', 'hex'))] }
  return advertise(other, one, lease)
}

function anonymous(to: Message): Buffer {
  const payload = advertise(to, one, lease)
  payload.writeUInt16BE(99, 4 + 14)
  return payload
}

test('servers that offer and refuse do not make the client ask without end', () => {
  const storm: Network = (sent) => {
    const duid = (index: number) => `00030001${index.toString(16).padStart(12, '0')}`
    if (sent.type !== MessageType.SOLICIT) {
      const asked = valueIn(sent.options, 'SERVERID')?.toString('hex') ?? ''
      return [{ after: 0, payload: answer(sent, MessageType.REPLY, asked, [status(4)]) }]
    }
    return Array.from({ length: 300 }, (_, index) => ({
      after: index,
      payload: advertise(sent, duid(index), [...lease, option('PREFERENCE', Buffer.from([255]))]),
    }))
  }
  const { outcome, sent, sentences } = ask(storm)
  assert.is(outcome, undefined)
  assert.is(sent.filter((line) => line.startsWith('SOLICIT')).length, 4)
  assert.is(sent.filter((line) => line.startsWith('REQUEST')).length, 16)
  assert.is(sentences.length, 8)
})

test('a server that offers many times and refuses is asked once for each SOLICIT', () => {
  const insistent: Network = (sent) => {
    if (sent.type !== MessageType.SOLICIT)
      return [{ after: 1, payload: answer(sent, MessageType.REPLY, one, [status(2)]) }]
    return Array.from({ length: 200 }, (_, index) => ({
      after: 4 * index,
      payload: advertise(sent, one, lease),
    }))
  }
  const { sent } = ask(insistent)
  assert.equal(sent.map((line) => line.split(' ')[0]).join(' '), Array(4).fill('SOLICIT REQUEST').join(' '))
})

test('a server that refuses its own offer is asked once for each SOLICIT; when it gives, the lease is taken', () => {
  let asked = 0
  const moody = server({ reply: () => (++asked < 3 ? [status(2)] : lease) })
  const { outcome, sent } = ask(moody)
  assert.equal(outcome?.addresses, ['fd00::1'])
  assert.equal(sent, [
    ...['SOLICIT at 0', 'REQUEST at 105'],
    ...['SOLICIT at 1050', 'REQUEST at 1155'],
    ...['SOLICIT at 3150', 'REQUEST at 3255'],
  ])
})

test.run()
