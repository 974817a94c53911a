import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { frame } from '../../../shared/device/announce.ts'
import { parseAddress } from '../../../shared/ip/address.ts'
import { parseMac } from '../../../shared/ip/mac.ts'

const mac = parseMac('02:00:00:00:00:01') as Buffer

function frameOf(text: string): string {
  const address = parseAddress(text)
  assert.ok(address)
  return frame(mac, address).toString('hex')
}

test('an IPv4 address is announced as RFC 5227 wants: an ARP request for itself, broadcast', () => {
  const ethernet = 'ffffffffffff' + '020000000001' + '0806'
  const arp =
    '0001' + '0800' + '06' + '04' + '0001' + '020000000001' + '0a000005' + '000000000000' + '0a000005'
  assert.is(frameOf('10.0.0.5'), ethernet + arp)
})

test('an IPv6 address is announced to all nodes, overriding what they knew', () => {
  const bytes = Buffer.from(frameOf('fd00::5'), 'hex')
  assert.is(bytes.subarray(0, 14).toString('hex'), '333300000001' + '020000000001' + '86dd')
  const [source, destination, icmp] = [bytes.subarray(22, 38), bytes.subarray(38, 54), bytes.subarray(54)]
  assert.is(bytes[21], 255, 'hop limit')
  assert.is(source.toString('hex'), 'fd000000000000000000000000000005')
  assert.is(destination.toString('hex'), 'ff020000000000000000000000000001')
  assert.is(icmp[0], 136, 'neighbour advertisement')
  assert.is(icmp[4], 0x20, 'override flag alone')
  assert.is(icmp.subarray(24).toString('hex'), '0201' + '020000000001', 'target link-layer address')
})

test('the checksum of the advertisement is right: with it the sum comes out as all ones', () => {
  const bytes = Buffer.from(frameOf('fd00::5'), 'hex')
  const icmp = bytes.subarray(54)
  const covered = Buffer.concat([
    bytes.subarray(22, 54),
    Buffer.from([0, 0, 0, icmp.length, 0, 0, 0, 58]),
    icmp,
  ])
  let sum = 0
  for (let at = 0; at < covered.length; at += 2) sum += covered.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  assert.is(sum, 0xffff)
})

test.run()
