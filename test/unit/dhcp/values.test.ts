/** Values of options: routes, search lists, names. */

import * as assert from 'uvu/assert'
import {
  parseClasslessRoutes,
  parseStaticRoutes,
  type Route4,
} from '../../../shared/dhcp/v4/classless-routes.ts'
import { parseDomainSearch } from '../../../shared/dhcp/v4/domain-search.ts'
import { domainNameOf, shownText } from '../../../shared/dhcp/v4/values.ts'
import { formatAddress } from '../../../shared/ip/address.ts'
import { formatCidr } from '../../../shared/ip/subnet.ts'
import { test } from '../../harness/test.ts'
import { addresses } from './messages.ts'

const texts = (routes: readonly Route4[] | undefined) =>
  routes?.map(({ dst, gw }) => `${formatCidr(dst)}${gw ? ` via ${formatAddress(gw)}` : ''}`)
const classless = (hex: string) => texts(parseClasslessRoutes(Buffer.from(hex.replaceAll(' ', ''), 'hex')))
const search = (hex: string) => parseDomainSearch(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

test('classless routes: the destinations of the table in RFC 3442', () => {
  const routes = classless(
    '00 0a000001  08 0a 0a000001  18 0a0000 0a000001  10 0a11 0a000001  18 0a1b81 0a000001  19 0a e5 00 80 0a000001  20 0ac6 7a2f 0a000001',
  )
  assert.equal(
    routes,
    [
      '0.0.0.0/0',
      '10.0.0.0/8',
      '10.0.0.0/24',
      '10.17.0.0/16',
      '10.27.129.0/24',
      '10.229.0.128/25',
      '10.198.122.47/32',
    ].map((dst) => `${dst} via 10.0.0.1`),
  )
})

test('a classless route without a router is on the link; bits behind the prefix are cleared', () => {
  assert.equal(classless('18 0a0000 00000000'), ['10.0.0.0/24'])
  assert.equal(classless('0c ac1f 0a000001'), ['172.16.0.0/12 via 10.0.0.1'])
})

test('classless routes that are cut off, or longer than /32, are none', () => {
  for (const hex of ['18 0a0000 0a0000', '18', '21 0a000000 00 0a000001', 'ff', '00 0a000001 08'])
    assert.is(classless(hex), undefined, hex)
})

test('static routes have the prefix of their class; with a host part they are of one host', () => {
  const pairs = ['10.0.0.0', '172.16.0.0', '192.168.5.0', '192.168.5.7', '0.0.0.0', '224.0.0.0', '11.0.0.0']
  const value = addresses(...pairs.flatMap((one) => [one, one === '11.0.0.0' ? '0.0.0.0' : '10.0.0.1']))
  assert.equal(
    texts(parseStaticRoutes(value)),
    ['10.0.0.0/8', '172.16.0.0/16', '192.168.5.0/24', '192.168.5.7/32'].map((dst) => `${dst} via 10.0.0.1`),
  )
})

test('a search list: the example of RFC 3397', () => {
  const first = '03 656e67 05 6170706c65 03 636f6d 00'
  const second = '09 6d61726b6574696e67 c004'
  assert.equal(search(`${first} ${second}`), ['eng.apple.com', 'marketing.apple.com'])
})

test('a search list with pointers to pointers', () => {
  assert.equal(search('0161 00 0162 c000 0163 c003'), ['a', 'b.a', 'c.b.a'])
})

test('a search list that points to itself, forwards, or around is none', () => {
  for (const hex of ['c000', '0161 c000', '0161 c004 0162 00', '0161 00 c003', '0161 00 0162 c003 0163 c007'])
    assert.is(search(hex), undefined, hex)
})

test('a search list that is cut off is none: in a label, in a pointer, before the end of a name', () => {
  for (const hex of ['', '00', '03 6161', '0161', '0161 c0', '0161 00 03', '40 61 00', '80 61 00'])
    assert.is(search(hex), undefined, hex)
})

test('a name of 255 bytes is the longest, also where pointers put it together', () => {
  const long = `3f${'61'.repeat(63)}`
  const three = long.repeat(3)
  assert.is(search(`${three} 3d ${'62'.repeat(61)} 00`)?.[0]?.length, 253)
  assert.is(search(`${three} 3e ${'62'.repeat(62)} 00`), undefined)
  assert.is(search(`${long} 00 ${three} c000`), undefined)
  assert.is(search(`${long} 00 ${long.repeat(2)} c000`)?.length, 2)
})

test('no more than 32 names are read', () => {
  assert.is(search('0161 00'.repeat(40))?.length, 32)
})

test('a label of a search list with a dot, a space or a control character makes the list none', () => {
  for (const byte of ['2e', '20', '0a', '7f', 'e9', '00', '2f'])
    assert.is(search(`03 61 ${byte} 61 00`), undefined, byte)
})

test('a domain name is taken with or without NUL and dot at its end', () => {
  for (const text of ['example.com', 'example.com.', 'example.com\0\0', 'example.com.\0'])
    assert.is(domainNameOf(Buffer.from(text)), 'example.com', JSON.stringify(text))
  assert.is(domainNameOf(Buffer.from('_tcp.A-1')), '_tcp.A-1')
})

test('what is no domain name is refused: it would write more than its line of resolv.conf', () => {
  const names = [
    'a b',
    'a\nnameserver 10.0.0.66',
    'a\0b',
    '',
    '.',
    'a..b',
    '-a',
    'a-',
    'a/../b',
    '\u001b[2J',
    'é',
  ]
  for (const name of [...names, 'a'.repeat(64), `${'a.'.repeat(126)}aa`])
    assert.is(domainNameOf(Buffer.from(name)), undefined, JSON.stringify(name))
  assert.ok(domainNameOf(Buffer.from(`${'a.'.repeat(126)}a`)), 'the longest')
})

test('a text of a server is shown without what a terminal would obey, and not all of it', () => {
  assert.is(shownText(Buffer.from('no\u001b[2J\nfree\0')), 'no?[2J?free')
  assert.is(shownText(Buffer.alloc(500, 0x61)).length, 80)
})

test.run()
