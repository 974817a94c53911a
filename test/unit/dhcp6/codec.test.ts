/** Messages of DHCPv6 as bytes: vectors by hand from RFC 8415, and bytes that break off. */

import * as assert from 'uvu/assert'
import { payloadOf, question, wanted } from '../../../shared/dhcp/v6/client.ts'
import { dnsOf } from '../../../shared/dhcp/v6/dns.ts'
import { duidOfMac, duidOfText, formatDuid } from '../../../shared/dhcp/v6/duid.ts'
import { parseIa } from '../../../shared/dhcp/v6/ia.ts'
import { encodeMessage, MessageType, parseMessage } from '../../../shared/dhcp/v6/message.ts'
import { option, parseOptions, valueIn } from '../../../shared/dhcp/v6/options.ts'
import { formatStatus, statusIn } from '../../../shared/dhcp/v6/status.ts'
import { formatAddress } from '../../../shared/ip/address.ts'
import { encodeName, isDomainName, parseNames } from '../../../shared/ip/names.ts'
import { test } from '../../harness/test.ts'
import { client, status } from './server.ts'

const hex = (...parts: string[]) => Buffer.from(parts.join('').replace(/ /g, ''), 'hex')

test('a SOLICIT has identifier, time, IA_NA and the options that are asked for', () => {
  const asked = question(
    { ...client, random: () => 0x123456 / 0x1000000 },
    MessageType.SOLICIT,
    wanted(client),
  )
  const expected = hex(
    '01 123456',
    '0001 000a 00030001020000000001',
    '0008 0002 007b',
    '0003 000c 00000007 00000000 00000000',
    '0006 0006 0017 0018 0052',
  )
  assert.is(payloadOf(asked, 1239).toString('hex'), expected.toString('hex'))
})

test('the time since the first message ends at its longest, which has 16 bits', () => {
  const asked = question(client, MessageType.SOLICIT, [])
  const time = (elapsed: number) =>
    valueIn(parseMessage(payloadOf(asked, elapsed))?.options ?? [], 'ELAPSED_TIME')
  assert.is(time(10 ** 9)?.toString('hex'), 'ffff')
})

test('a host name is sent whole with its end, a single label without; what is no name is not sent', () => {
  const sent = (hostname: string) => valueIn(wanted({ ...client, hostname }), 'CLIENT_FQDN')?.toString('hex')
  assert.is(sent('web.example'), '01037765620765' + '78616d706c6500')
  assert.is(sent('web'), '0103776562')
  for (const name of ['', 'a b', 'a..b', `${'x'.repeat(64)}`, '-a']) assert.is(sent(name), undefined, name)
})

test('a message is read, option by option', () => {
  const message = parseMessage(hex('07 00abcd', '000d 0004 0002 6f6b', '0017 0000'))
  assert.is(message?.type, MessageType.REPLY)
  assert.is(message?.transaction, 0xabcd)
  assert.equal(
    message?.options.map(({ code, data }) => [code, data.toString('hex')]),
    [
      [13, '00026f6b'],
      [23, ''],
    ],
  )
})

for (const [what, bytes] of [
  ['nothing', ''],
  ['half a header', '070000'],
  ['a relay to a server', `0c00${'00'.repeat(32)}`],
  ['a relay from a server', `0d00${'00'.repeat(32)}`],
  ['a type that is none', 'ff000000'],
  ['an option whose value breaks off', '07000000 0017 0010 00'],
  ['an option whose header breaks off', '07000000 0017 00'],
] as const)
  test(`no message: ${what}`, () => {
    assert.is(parseMessage(hex(bytes)), undefined)
  })

test('what is written is what is read', () => {
  const message = {
    type: MessageType.RENEW,
    transaction: 0xfffffe,
    options: [option('DNS_SERVERS', Buffer.alloc(16, 3))],
  }
  const read = parseMessage(encodeMessage(message))
  assert.is(read?.transaction, message.transaction)
  assert.is(read?.options[0]?.data.equals(Buffer.alloc(16, 3)), true)
})

test('an option that must be there once counts as missing when it is there twice', () => {
  const options = parseOptions(hex('0001 0001 aa', '0001 0001 bb', '0002 0001 cc')) ?? []
  assert.is(valueIn(options, 'CLIENTID'), undefined)
  assert.is(valueIn(options, 'SERVERID')?.toString('hex'), 'cc')
})

test('the DUID of a MAC address is a DUID-LL, that of a text a UUID of version 8', () => {
  assert.is(formatDuid(duidOfMac(hex('02005e100001'))), '0003000102005e100001')
  const uuid = formatDuid(duidOfText('net/c1/eth0'))
  assert.match(uuid, /^0004[0-9a-f]{12}8[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  assert.is(formatDuid(duidOfText('net/c1/eth0')), uuid)
  assert.is.not(formatDuid(duidOfText('net/c1/eth1')), uuid)
})

test('an IA_NA is read with its addresses; one with T1 after T2 counts as missing', () => {
  const address = hex('20010db8000000000000000000000001', '00000064', '000000c8')
  const bytes = (t1: string, t2: string) => Buffer.concat([hex('00000007', t1, t2, '0005 0018'), address])
  const ia = parseIa(bytes('0000000a', '00000014'))
  assert.equal([ia?.iaid, ia?.renew, ia?.rebind], [7, 10, 20])
  assert.equal(
    ia?.addresses.map(({ address, preferred, valid }) => [formatAddress(address), preferred, valid]),
    [['2001:db8::1', 100, 200]],
  )
  assert.is(parseIa(bytes('00000015', '00000014')), undefined)
  assert.ok(parseIa(bytes('00000015', '00000000')), 'T2 is left to the client')
  assert.is(parseIa(hex('0000000700000000000000')), undefined)
  assert.equal(parseIa(hex('00000007 00000000 00000000 0005 0004 20010db8'))?.addresses, [])
})

test("a status's text cannot change a terminal, and is cut", () => {
  assert.is(formatStatus(statusIn([status(2, 'no\u001b[31m\n')])), 'NoAddrsAvail (no?[31m?)')
  assert.is(statusIn([status(1, 'x'.repeat(5000))]).text.length, 100)
  assert.is(statusIn([option('STATUS_CODE', hex('00'))]).code, 0)
  assert.is(formatStatus({ code: 77, text: '' }), 'status 77')
})

test('names of a domain list are read; those that are no domain names are left out', () => {
  const list = hex(
    '03 737663 07 636c7573746572 00',
    '01 20 00',
    '03 612e62 00',
    '02 c3a4 00',
    '04 74657374 00',
    '00 00',
  )
  assert.equal(parseNames(list), ['svc.cluster', 'test'])
  assert.equal(parseNames(Buffer.alloc(0)), [])
})

for (const [what, bytes] of [
  ['one that points to itself', 'c000'],
  ['one that points to an earlier one', '0161 00 0162 c000'],
  ['a label of 64 bytes', `40${'61'.repeat(64)}00`],
  ['a label that breaks off', '0461 6262'],
  ['a name without an end', '0161'],
  ['a name of more than 255 bytes', `${`3f${'61'.repeat(63)}`.repeat(4)}00`],
] as const)
  test(`no list of names: ${what}`, () => {
    assert.is(parseNames(hex(bytes)), undefined)
  })

test('a name is as long as DNS allows, and no longer', () => {
  const label = 'a'.repeat(63)
  const name = [label, label, label, 'a'.repeat(61)].join('.')
  assert.is(name.length, 253)
  assert.ok(isDomainName(name))
  assert.not(isDomainName(`${name}a`))
  assert.equal(parseNames(encodeName(name)), [name])
})

test('DNS servers that a resolver cannot ask are left out, and there are at most 8; search domains at most 16', () => {
  const servers = hex(
    '20010db8000000000000000000000053',
    'fe800000000000000000000000000001',
    'ff020000000000000000000000000001',
    '00000000000000000000000000000000',
    '00000000000000000000000000000001',
    '20010db8000000000000000000000053',
    'fd000000000000000000000000000053',
  )
  assert.equal(dnsOf([option('DNS_SERVERS', servers)]), { nameservers: ['2001:db8::53', 'fd00::53'] })
  const many = Array.from({ length: 100 }, (_, index) =>
    hex('fd00', '00'.repeat(13), (index + 16).toString(16)),
  )
  assert.is(dnsOf([option('DNS_SERVERS', Buffer.concat(many))]).nameservers?.length, 8)
  const names = Array.from({ length: 40 }, (_, index) => encodeName(`d${index}.test`))
  assert.is(dnsOf([option('DOMAIN_LIST', Buffer.concat(names))]).search?.length, 16)
  assert.equal(dnsOf([]), {})
})

test.run()
