/** Packets of UDP over IPv4: which are read, and how they are written. */

import * as assert from 'uvu/assert'
import { payloadOf, udpPacket } from '../../../shared/dhcp/v4/packet.ts'
import { test } from '../../harness/test.ts'
import { address } from './messages.ts'

/** 192.168.0.1 to 192.168.0.199, port 53 to 68, 'hi!', its checksums computed apart from this code. */
const known = '4500001f000040004011b8b5c0a80001c0a800c7' + '00350044000bf3dc686921'

const ends = {
  from: address('192.168.0.1'),
  to: address('192.168.0.199'),
  sourcePort: 53,
  targetPort: 68,
}
const packet = (payload = Buffer.from('hi!')) => udpPacket({ ...ends, payload })

/** A packet with other bytes, and the checksum of its header made right again. */
function changed(changes: Record<number, number>, bytes = packet()): Buffer {
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value
  bytes.writeUInt16BE(0, 10)
  const header = ((bytes[0] as number) & 15) * 4
  let sum = 0
  for (let at = 0; at + 1 < Math.min(header, bytes.length); at += 2) sum += bytes.readUInt16BE(at)
  bytes.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10)
  return bytes
}

test('a packet has the bytes of RFC 791 and RFC 768, both checksums filled in', () => {
  assert.is(packet().toString('hex'), known)
})

test('what is written is read, whatever its length', () => {
  for (const length of [0, 1, 2, 300, 1400]) {
    const payload = Buffer.alloc(length, 0xa5)
    assert.equal(payloadOf(packet(payload), 68), payload)
  }
})

test('a packet to another port, of another protocol or of IPv6 is not read', () => {
  assert.is(payloadOf(packet(), 67), undefined)
  assert.is(payloadOf(changed({ 9: 6 }), 68), undefined)
  assert.is(payloadOf(changed({ 0: 0x65 }), 68), undefined)
})

test('the first fragment and a later one are not read', () => {
  assert.is(payloadOf(changed({ 6: 0x20 }), 68), undefined)
  assert.is(payloadOf(changed({ 6: 0, 7: 1 }), 68), undefined)
  assert.ok(payloadOf(changed({ 6: 0 }), 68), 'one that may be fragmented, but is not')
})

test('options of IP are passed over', () => {
  const plain = packet()
  const with4 = Buffer.concat([plain.subarray(0, 20), Buffer.from([1, 1, 1, 0]), plain.subarray(20)])
  assert.equal(payloadOf(changed({ 0: 0x46, 3: plain.length + 4 }, with4), 68)?.toString(), 'hi!')
})

test('what pads an Ethernet frame does not belong to the payload', () => {
  assert.is(payloadOf(Buffer.concat([packet(), Buffer.alloc(20, 7)]), 68)?.toString(), 'hi!')
})

test('a packet whose header is damaged is not read', () => {
  const damaged = packet()
  damaged[15] = 2
  assert.is(payloadOf(damaged, 68), undefined)
})

test('the checksum of UDP is not looked at: the device of a server on this machine would fill it in', () => {
  const partial = packet()
  partial.writeUInt16BE(0x1234, 26)
  assert.is(payloadOf(partial, 68)?.toString(), 'hi!')
})

test('a header shorter than 20 bytes is refused, also where its last bytes would pass as ports', () => {
  const to = address('192.168.0.68')
  const whole = udpPacket({ ...ends, to, sourcePort: 10, payload: Buffer.from('hi!') })
  assert.ok(payloadOf(changed({}, whole), 68))
  assert.is(payloadOf(changed({ 0: 0x44 }, whole), 68), undefined)
})

test('a datagram does not reach into what pads the frame', () => {
  const padded = Buffer.concat([packet(), Buffer.alloc(20, 7)])
  padded[25] = 20
  assert.is(payloadOf(padded, 68), undefined)
})

test('lengths that do not fit are refused: of the header, of the packet, of the datagram', () => {
  for (const [at, value] of [
    [0, 0x44],
    [0, 0x4f],
    [3, 19],
    [3, 32],
    [25, 7],
    [25, 12],
  ] as const)
    assert.is(payloadOf(changed({ [at]: value }), 68), undefined, `${at}: ${value}`)
  const whole = packet()
  for (let length = 0; length < whole.length; length++)
    assert.is(payloadOf(whole.subarray(0, length), 68), undefined, `${length} bytes`)
})

test.run()
