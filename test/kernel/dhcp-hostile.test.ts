/** ADD with servers that answer others, give what no container can have, or shout: it is refused in time, says what was seen, and leaves nothing. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { listenOn } from '../harness/dhcp-heard.ts'
import { answer4, type Behaviour, type Good4, good4, hostileOn } from '../harness/dhcp-hostile.ts'
import { leased, unleased, unleasedSaying } from '../harness/dhcp-lease.ts'
import { type Form4, quads } from '../harness/dhcp-message4.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const server = await hostileOn(station(lan, 'evil', '10.7.0.1/24'), '10.7.0.1')
const ear = listenOn(station(lan, 'ear'))
const good: Good4 = { server: '10.7.0.1', yiaddr: '10.7.0.9' }

/** An OFFER that is good but for this. */
function offers(spoil: Partial<Form4>): Behaviour {
  return { ...good4(good), DISCOVER: [[answer4('OFFER', good, spoil)]] }
}

/** A good OFFER, and an ACK with this. */
function acks(change: Partial<Good4>, spoil: Partial<Form4> = {}): Behaviour {
  return { ...good4(good), REQUEST: [[answer4('ACK', { ...good, ...change }, spoil)]] }
}

/** A good OFFER whose last option is longer than the message. */
const cutOff = { bytes: answer4('OFFER', good).bytes.replace(/ff$/, '0cff61') }

const refusals: readonly (readonly [what: string, Behaviour, says: string])[] = [
  ['another transaction', offers({ xid: '00000000' }), 'OFFER of 10.7.0.1 for another request'],
  ['another MAC address', offers({ chaddr: '020000000001' }), 'OFFER of 10.7.0.1 for another client'],
  [
    'another client identifier',
    offers({
      options: [
        [54, quads('10.7.0.1')],
        [61, '00ff'],
      ],
    }),
    'OFFER of 10.7.0.1 for another client',
  ],
  ['an OFFER of 0.0.0.0', offers({ yiaddr: '0.0.0.0' }), 'it offers 0.0.0.0, and cannot be taken'],
  ['an OFFER of a group', offers({ yiaddr: '224.0.0.9' }), 'it offers 224.0.0.9, and cannot be taken'],
  ['an OFFER of all hosts', offers({ yiaddr: '255.255.255.255' }), 'it offers 255.255.255.255'],
  ['an OFFER of lo', offers({ yiaddr: '127.0.0.1' }), 'it offers 127.0.0.1, and cannot be taken'],
  ['an OFFER of no server', offers({ options: [] }), 'OFFER of a server without identifier'],
  ['an OFFER with an option that is cut off', { DISCOVER: [[cutOff]] }, 'a message that is cut off'],
  ['an ACK of another server', acks({ server: '10.7.0.66' }), 'ACK of 10.7.0.66, which was not asked'],
  ['an ACK of 0.0.0.0', acks({ yiaddr: '0.0.0.0' }), 'ACK of 10.7.0.1: 0.0.0.0 is'],
  ['an ACK of a group', acks({ yiaddr: '239.1.1.1' }), 'ACK of 10.7.0.1: 239.1.1.1 is'],
  ["an ACK of the subnet's broadcast", acks({ yiaddr: '10.7.0.255' }), 'ACK of 10.7.0.1: 10.7.0.255 is'],
  ['the mask 0.0.0.0', acks({ mask: '0.0.0.0' }), '0.0.0.0 is no mask of a subnet (option 1)'],
  ['a mask with a hole', acks({ mask: '255.0.255.0' }), '255.0.255.0 is no mask of a subnet (option 1)'],
  ['no mask', acks({}, { options: [[54, quads('10.7.0.1')]] }), 'DHCP option Subnet Mask is missing'],
  ['a lease of 0 seconds', acks({ lease: 0 }), 'ACK of 10.7.0.1: it is for 0 seconds'],
  ['an ACK that was not asked for', { DISCOVER: [[answer4('ACK', good)]] }, 'ACK of 10.7.0.1, but no OFFER'],
]

for (const [what, behaviour, says] of refusals)
  test(`${what} is refused: ${says}`, async () => {
    server.behave(behaviour)
    await unleasedSaying({ nic: lan.nic }, 'no DHCP server gave eth0 an address within 1 s: ', says)
  })

/** What a terminal would obey: clears the screen, a line of its own, beyond ASCII. */
const commands = Buffer.from('go away\x1b[2J\nroot: \u202e').toString('hex')

test('a storm of NAKs makes no storm of requests, and its text is shown without what a terminal obeys', async () => {
  const nak = {
    ...answer4('NAK', good, {
      options: [
        [54, quads('10.7.0.1')],
        [56, commands],
      ],
    }),
    times: 200,
  }
  server.behave({ ...good4(good), REQUEST: [[nak]] })
  let [before, said] = [0, '']
  await until('it is refused in time', async () => {
    before = ear.asked().length
    said = await unleased({ nic: lan.nic, ipam: { timeout: 2 } })
    return said.includes('NAK of 10.7.0.1: go away?[2J?root: ???')
  })
  assert.match(said, /^[ -~]*$/)
  assert.ok(ear.asked().length - before <= 6, ear.asked().slice(before).join())
})

test('a flood of OFFERs for others does not make ADD wait longer', async () => {
  const flood = { ...answer4('OFFER', good, { xid: '00000000' }), times: 1e9 }
  const other = await hostileOn(station(lan, 'flood', '10.7.0.3/24'), '10.7.0.3')
  server.behave({})
  other.behave({ DISCOVER: [[flood]] })
  const says = 'within 5 s: OFFER of 10.7.0.1 for another request'
  await unleasedSaying({ nic: lan.nic, ipam: { timeout: 5 } }, says)
  await other.end()
})

test('of two servers the one that lies is left for the other', async () => {
  const other = await hostileOn(station(lan, 'honest', '10.7.0.2/24'), '10.7.0.2')
  server.behave(acks({ mask: '0.0.0.0' }))
  other.behave(good4({ server: '10.7.0.2', yiaddr: '10.7.0.20' }))
  const { result, entry, end } = await leased({ nic: lan.nic, ipam: { timeout: 20 } })
  assert.equal([result.ips[0]?.address, entry?.lease4?.server], ['10.7.0.20/24', '10.7.0.2'])
  await end()
  await other.end()
})

test.run()
