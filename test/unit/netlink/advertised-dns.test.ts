/** DNS of router advertisements as the kernel passes it on: vectors by hand from RFC 8106, and bytes of a hostile router. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { formatAddress } from '../../../shared/ip/address.ts'
import { encodeName } from '../../../shared/ip/names.ts'
import { type AdvertisedDns, addAdvertised } from '../../../shared/netlink/advertised-dns.ts'
import { test } from '../../harness/test.ts'

const link = 5
const nothing: AdvertisedDns = { dns: [], search: [] }

/** struct nduseroptmsg with options. */
function message(options: Buffer, { index = link, type = 134, length = options.length } = {}): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt8(10, 0)
  header.writeUInt16LE(length & 0xffff, 2)
  header.writeInt32LE(index, 4)
  header.writeUInt8(type, 8)
  return Buffer.concat([header, options, Buffer.from('1400010000', 'hex')])
}

/** An option of a router advertisement, filled up with zeros to a multiple of eight bytes. */
function option(type: number, lifetime: number, data: Buffer): Buffer {
  const header = Buffer.alloc(8)
  const padding = Buffer.alloc(-data.length & 7)
  header.writeUInt8(type, 0)
  header.writeUInt8((8 + data.length + padding.length) / 8, 1)
  header.writeUInt32BE(lifetime, 4)
  return Buffer.concat([header, data, padding])
}

const server = (last: string) => Buffer.from(`20010db8${'00'.repeat(11)}${last}`, 'hex')
const rdnss = (lifetime: number, ...servers: Buffer[]) => option(25, lifetime, Buffer.concat(servers))
const dnssl = (lifetime: number, ...names: string[]) =>
  option(31, lifetime, Buffer.concat(names.map((name) => encodeName(name))))

function after(...messages: Buffer[]): { dns: string[]; search: string[] } {
  const { dns, search } = messages.reduce((known, one) => addAdvertised(known, link, one), nothing)
  return { dns: dns.map(formatAddress), search }
}

test('servers and domains are known, each once, in their order', () => {
  const both = Buffer.concat([rdnss(60, server('53'), server('54')), dnssl(60, 'a.test', 'b.test')])
  const known = { dns: ['2001:db8::53', '2001:db8::54'], search: ['a.test', 'b.test'] }
  assert.equal(after(message(both), message(both)), known)
})

test('what is announced with a lifetime of 0 is forgotten', () => {
  const [all, less] = [rdnss(60, server('53'), server('54')), rdnss(0, server('53'))]
  assert.equal(after(message(all), message(less)).dns, ['2001:db8::54'])
  assert.equal(after(message(dnssl(60, 'a.test', 'b.test')), message(dnssl(0, 'b.test'))).search, ['a.test'])
})

test('another link, another message of ICMPv6, another option change nothing', () => {
  const options = rdnss(60, server('53'))
  for (const other of [
    message(options, { index: 6 }),
    message(options, { type: 137 }),
    message(option(24, 60, server('53'))),
  ])
    assert.equal(after(other), nothing)
})

test('an option whose length is 0, or beyond the end, ends the list; what is before counts', () => {
  const good = rdnss(60, server('53'))
  for (const bad of ['1900000000000060', '19ff000000000060', '1903']) {
    const options = Buffer.concat([good, Buffer.from(bad, 'hex')])
    assert.equal(after(message(options)).dns, ['2001:db8::53'], bad)
  }
  assert.equal(after(message(good, { length: 8 })), nothing)
})

test('servers that a resolver cannot ask, and names that are none, are left out', () => {
  const wrong = ['ff02::1', '::', '::1'].map((_, index) =>
    Buffer.from(['ff02', '0000', '0000'][index] + '00'.repeat(13) + ['01', '00', '01'][index], 'hex'),
  )
  assert.equal(after(message(rdnss(60, ...wrong))).dns, [])
  assert.equal(after(message(option(31, 60, Buffer.from('0161c000', 'hex')))).search, [])
})

test('a router that announces ever new servers and domains does not fill the memory', () => {
  const many = Array.from({ length: 50 }, (_, index) => index)
  const messages = many.map((index) =>
    message(Buffer.concat([rdnss(60, server((index + 16).toString(16))), dnssl(60, `d${index}.test`)])),
  )
  const { dns, search } = after(...messages)
  assert.equal([dns.length, search.length], [8, 16])
})

test('any bytes are read without an exception', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }),
      fc.constantFrom(25, 31),
      (parts, type) => {
        const options = parts.map((bytes) => Buffer.from([type, ...bytes]))
        for (const bytes of [
          ...parts,
          message(Buffer.concat(options)),
          message(Buffer.concat(options), { length: 0xffff }),
        ])
          addAdvertised(nothing, link, Buffer.from(bytes))
      },
    ),
    { numRuns: 500, seed: 1 },
  )
})

test.run()
