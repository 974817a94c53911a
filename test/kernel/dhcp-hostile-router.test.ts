/** ADD with hostile routers: what the kernel and a resolver cannot use of their advertisements is not used, and ADD ends in time. Nothing is left. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import {
  advertisement,
  dnsslOption,
  mtuOption,
  nameOf,
  prefixOption,
  rdnssOption,
} from '../harness/dhcp-advertisement.ts'
import { hostileOn, type Reply } from '../harness/dhcp-hostile.ts'
import { type Leased, leased, unleased, unleasedSaying } from '../harness/dhcp-lease.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { addresses, link, routes, sysctl } from '../harness/look.ts'
import { test } from '../harness/test.ts'

await privateHost()
const lan = segment()
const evil = station(lan, 'evil')
const router = await hostileOn(evil, evil.linkLocal)
const ipam = { ipv4: false, ipv6: 'slaac' }

/** Has the router answer with these. */
const advertises = (...replies: Reply[]) => router.behave({ 'ROUTER-SOLICITATION': [replies] })

/** ADD with a router that advertises these. */
async function from(replies: Reply[], look: (lease: Leased) => void): Promise<void> {
  advertises(...replies)
  const lease = await leased({ nic: lan.nic, ipam: { ...ipam, timeout: 20 } })
  assert.match(lease.stderr, /^[ -~\n]*$/)
  look(lease)
  await lease.end()
}

const prefix = prefixOption('fd00:1::')
const isOfPrefix = ({ result }: Leased, at = 'fd00:1:') => {
  assert.is(result.ips.length, 1)
  assert.ok(result.ips[0]?.address.startsWith(at), result.ips[0]?.address)
}

/** Prefixes of which no address is made. */
const noPrefixes = [
  ...[0, 1, 48, 63, 65, 127, 128, 255].map((length) => prefixOption('fd00:bad::', length)),
  prefixOption('fd00:bad::', 64, [0, 0]),
  prefixOption('fd00:bad::', 64, [60, 61]),
  prefixOption('fd00:bad::', 64, [60, 60], '80'),
  prefixOption('fe80::'),
  prefixOption('ff02::'),
]

test('a router whose prefixes make no address is refused in time', async () => {
  advertises(advertisement({ options: noPrefixes }))
  const says = 'the router on eth0 advertises no prefix from which eth0 could make an address'
  await unleasedSaying({ nic: lan.nic, ipam: { ...ipam, timeout: 10 } }, says)
})

/** Options that break off, have no length, or are longer than all. */
const broken = ['0304', '0300', '03ff4040', '0004000000000000ff']

/** Advertisements that are none. */
const noAdvertisements: Reply[] = [
  { ...advertisement({ options: [prefix] }), hops: 64 },
  { ...advertisement({ options: [prefix] }), from: 'fd00:1::1' },
  { bytes: '86000000' },
  { bytes: advertisement().bytes.slice(0, 20) },
  ...broken.map((option) => advertisement({ options: [prefix, option] })),
]

test('advertisements from afar, or that break off, are none: ADD ends in time', async () => {
  advertises(...noAdvertisements)
  assert.match(await unleased({ nic: lan.nic, ipam }), /no router advertised itself on eth0 within 1 s/)
})

test('among bad advertisements and prefixes the good one gives the address and the gateway', () => {
  const good = advertisement({ options: [...noPrefixes, prefixOption('fd00:2::')] })
  return from(
    [...noAdvertisements, { ...advertisement({ lifetime: 0 }), from: 'fe80::bad' }, good],
    (lease) => {
      isOfPrefix(lease, 'fd00:2:')
      assert.is(lease.result.ips[0]?.gateway, evil.linkLocal)
    },
  )
})

test('a router that is none and MTUs that no link has change neither link nor routes, and a warning says that there is no gateway', () => {
  const mtus = [0, 68, 100_000, 0xffffffff].map((mtu) => mtuOption(mtu))
  const all = mtus.map((option) => advertisement({ lifetime: 0, options: [option, prefix] }))
  return from(all, (lease) => {
    isOfPrefix(lease)
    const { container, result, stderr } = lease
    assert.is(link('eth0', container).mtu, 1500)
    assert.is(sysctl('net/ipv6/conf/eth0/mtu', container), '1500')
    assert.equal([result.ips[0]?.gateway, result.routes ?? []], [undefined, []])
    assert.ok(!routes(6, container).some((text) => text.startsWith('default')))
    assert.ok(stderr.includes('the router that advertises itself is no default router'), stderr)
  })
})

test('of 100 prefixes the kernel takes what an interface may have', () => {
  const prefixes = Array.from({ length: 100 }, (_, at) => prefixOption(`fd00:${at + 1}::`))
  const three = [0, 40, 80].map((at) => advertisement({ options: prefixes.slice(at, at + 40) }))
  return from(three, ({ result, container }) => {
    const own = addresses('eth0', container).filter((text) => text.startsWith('fd00:'))
    assert.equal(result.ips.map(({ address }) => address).sort(), own.sort())
    assert.is(own.length, 15)
  })
})

/** What would be lines of resolv.conf, commands of a terminal, or two labels. */
const noNames = ['a b', 'a\nnameserver ::1', 'a\x1b[2J', '$(reboot)', 'a.b', '-a', 'ä']

test('of DNS what a resolver can have is in the result', () => {
  const servers = ['::', '::1', 'ff02::53', 'fd00::53']
  const names = [...noNames.map((name) => nameOf(name)), nameOf('good', 'example')].join('')
  const lists = [names, 'c000', '0161c000', '3f61'.repeat(4)].map(dnsslOption)
  const many = Array.from({ length: 20 }, (_, at) => `fd00::5:${at}`)
  const options = [
    prefix,
    rdnssOption(...servers),
    ...lists,
    rdnssOption(...many),
    '1901000000000258',
    '1902000000000258'.padEnd(32, '0'),
  ]
  return from([advertisement({ options })], (lease) => {
    isOfPrefix(lease)
    const { nameservers, search } = lease.result.dns ?? {}
    assert.equal([nameservers, search], [['fd00::53', ...many.slice(0, 7)], ['good.example']])
  })
})

test.run()
