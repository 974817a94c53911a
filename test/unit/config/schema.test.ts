import * as assert from 'uvu/assert'
import * as z from 'zod/mini'
import { description } from '../../../shared/config/deferred.ts'
import {
  boolean,
  cidr,
  describe,
  ifname,
  integer,
  ip,
  ipOrCidr,
  mac,
  oneOf,
  optional,
  path,
  pluginName,
  record,
  type Schema,
  string,
  withDefault,
} from '../../../shared/config/schema.ts'
import { test } from '../../harness/test.ts'

function judged(schema: Schema, good: unknown[], bad: unknown[]): void {
  for (const value of good) assert.ok(z.safeParse(schema, value).success, `${JSON.stringify(value)} is valid`)
  for (const value of bad)
    assert.not(z.safeParse(schema, value).success, `${JSON.stringify(value)} is invalid`)
}

test('an integer is whole and within bounds, both included', () => {
  judged(integer({ min: 0, max: 9 }), [0, 9], [-1, 10, 0.5, '5', true, [], Number.NaN])
})

test('a string or a number is no boolean', () => {
  judged(boolean, [true, false], ['true', 1, 0, {}])
})

test('an interface name must be one that the kernel allows', () => {
  judged(
    ifname,
    ['eth0', 'a'.repeat(15), 'br-é'],
    ['', 'a'.repeat(16), 'a b', 'a/b', 'a:b', '.', '..', 'é'.repeat(8), 5],
  )
})

test('a MAC address is unicast', () => {
  judged(
    mac,
    ['02:00:00:00:00:01', '02-AB-00-00-00-01'],
    ['01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', '02:00:00:00:00', '020000000001', 'x', 2],
  )
})

test('addresses have a prefix length, none, or either', () => {
  const [plain, prefixed] = [
    ['10.0.0.1', 'fd00::1', '::'],
    ['10.0.0.1/24', 'fd00::/64', '0.0.0.0/0'],
  ]
  const neither = ['', '10.0.0', '10.0.0.256', '10.0.0.1/33', 'fd00::/129', '10.0.0.1/', 'eth0', '010.0.0.1']
  judged(ip, plain, [...prefixed, ...neither])
  judged(cidr, prefixed, [...plain, ...neither])
  judged(ipOrCidr, [...plain, ...prefixed], neither)
})

test('a path is absolute', () => {
  judged(path, ['/', '/var/lib'], ['', 'var', './x', '/a\0b'])
})

test('a plugin is given by its name, not by a path', () => {
  judged(pluginName, ['bridge', 'host-local', 'my.plugin'], ['a/b', '/bin/sh', '..', '.', 'a\0'])
})

test('an object with any keys judges all of them, also __proto__', () => {
  const proto = JSON.parse('{"__proto__": "1"}')
  judged(
    record(string),
    [{}, { a: '1', constructor: '1' }],
    [proto, { ...JSON.parse('{"a":"1"}'), b: 1 }, []],
  )
})

test('an enumeration accepts only its words', () => {
  judged(oneOf('a', 'b'), ['a', 'b'], ['', 'c', 'A', 0])
  judged(oneOf(4, 6), [4, 6], [5, '4', 0])
})

test('a description belongs to one use of a schema, not to the schema', () => {
  const master = describe(ifname, 'The parent.')
  const bridge = describe(ifname, 'The bridge.')
  assert.is(description(master), 'The parent.')
  assert.is(description(bridge), 'The bridge.')
  assert.is(description(ifname), '')
  judged(master, ['eth0'], ['a/b'])
  assert.is(description(describe(optional(ifname), 'x')), 'x')
})

test('a default is used for an absent value', () => {
  assert.is(z.parse(withDefault(boolean, true), undefined), true)
})

test.run()
