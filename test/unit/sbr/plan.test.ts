/** What sbr plans: gateways of addresses, and which routes go into which table. */

import * as assert from 'uvu/assert'
import { freeTables, leaving, type MainRoute, planTables } from '../../../plugins/sbr/plan.ts'
import { type Source, sourcesOf } from '../../../plugins/sbr/source.ts'
import { emptyResult, type Result } from '../../../shared/cni/result.ts'
import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { type Cidr, formatCidr } from '../../../shared/ip/subnet.ts'
import type { KernelRoute } from '../../../shared/netlink/route.ts'
import { cidr } from '../../harness/address.ts'
import { test } from '../../harness/test.ts'

const sourceOf = (text: string, gateway = ''): Source => ({
  cidr: cidr(text),
  gateway: parseAddress(gateway),
})

function route(dst: string, { via = [] as string[], src = '' } = {}): MainRoute {
  const hop = {
    dst: cidr(dst),
    link: 2,
    table: 254,
    scope: 0,
    multipath: via.length > 1,
    source: parseAddress(src),
  }
  const hops: KernelRoute[] = via.map((gateway) => ({ ...hop, gateway: parseAddress(gateway) }))
  return { saved: Buffer.alloc(0), hops: hops.length > 0 ? hops : [hop] }
}

const v4 = {
  subnet: route('10.1.0.0/24', { src: '10.1.0.2' }),
  all: route('0.0.0.0/0', { via: ['10.1.0.1'] }),
  other: route('192.0.2.0/24', { via: ['10.2.0.9'] }),
  onlink: route('198.51.100.0/24', { via: ['172.16.0.1'] }),
  plain: route('203.0.113.0/24'),
}
const v6 = { subnet: route('fd00::/64'), local: route('fe80::/64'), all: route('::/0', { via: ['fe80::1'] }) }
const every = [...Object.values(v4), ...Object.values(v6)]

const texts = (routes: readonly MainRoute[]) => routes.map(({ hops }) => formatCidr(hops[0]?.dst as Cidr))
const free = () => false

test('a table gets the routes of its subnet, and those of no subnet; the families are apart', () => {
  const sources = [
    sourceOf('10.1.0.2/24', '10.1.0.1'),
    sourceOf('10.2.0.2/24', '10.2.0.1'),
    sourceOf('fd00::2/64'),
  ]
  const [one, two, three] = planTables(sources, [100, 101, 102], every, free)
  assert.equal(texts(one?.copies ?? []), ['10.1.0.0/24', '0.0.0.0/0', '198.51.100.0/24', '203.0.113.0/24'])
  assert.equal([one?.subnet, one?.gateway], [undefined, undefined])
  assert.equal(texts(two?.copies ?? []), ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'])
  assert.equal([formatCidr(two?.subnet as Cidr), two?.gateway], ['10.2.0.0/24', parseAddress('10.2.0.1')])
  assert.equal(texts(three?.copies ?? []), ['fd00::/64', 'fe80::/64', '::/0'])
})

test('fixed gateways replace the default routes of their family', () => {
  const sources = [sourceOf('10.1.0.2/24', '10.1.0.7'), sourceOf('fd00::2/64')]
  const [one, two] = planTables(sources, [100, 101], every, (family) => family === 4)
  assert.equal(
    texts(one?.copies ?? []),
    ['10.1.0.0/24', '198.51.100.0/24', '203.0.113.0/24', '192.0.2.0/24'].sort(),
  )
  assert.equal(one?.gateway, parseAddress('10.1.0.7'))
  assert.ok(texts(two?.copies ?? []).includes('::/0'))
})

test('link-local routes and those of another family stay in table main', () => {
  assert.equal(texts(leaving(every, [sourceOf('fd00::2/64')])), ['fd00::/64', '::/0'])
  assert.is(leaving(every, [sourceOf('10.1.0.2/24')]).length, 5)
})

test('free tables begin at 100, and leave out what is taken or the kernel’s', () => {
  const taken = new Set([100, 102, 252])
  assert.equal(
    freeTables(2, taken, () => true),
    [101, 103],
  )
  const last = freeTables(153, taken, (table) => table < 253 || table > 255)
  assert.equal(last.slice(-3), [256, 257, 258])
})

const gatewaysOf = (result: Partial<Result>, gateways?: string[]) => {
  const request = { ifname: 'eth0', config: { gateways, addSourceHints: false } }
  const sources = sourcesOf(request as never, { ...emptyResult(), ...result })
  return sources.map(({ gateway }) => gateway && formatAddress(gateway))
}

const own = [{ name: 'eth0', sandbox: '/run/netns/a' }]
const both = [...own, { name: 'eth1', sandbox: '/run/netns/a' }]
const routes = [{ dst: '0.0.0.0/0', gw: '172.16.0.1' }]

for (const [what, result, gateways, expected] of [
  ['its own', { ips: [{ address: '10.1.0.2/24', gateway: '10.1.0.1' }] }, undefined, ['10.1.0.1']],
  [
    'the configuration’s',
    { ips: [{ address: '10.1.0.2/24', gateway: '10.1.0.1' }] },
    ['10.1.0.9'],
    ['10.1.0.9'],
  ],
  [
    'its own, beside another family’s',
    { ips: [{ address: '10.1.0.2/24', gateway: '10.1.0.1' }] },
    ['fd00::9'],
    ['10.1.0.1'],
  ],
  [
    'that of another address in the subnet',
    { ips: [{ address: '10.1.0.2/24' }, { address: '10.1.0.3/24', gateway: '10.1.0.1' }] },
    undefined,
    ['10.1.0.1', '10.1.0.1'],
  ],
  [
    'none for an unspecified one',
    { ips: [{ address: '10.1.0.2/24', gateway: '0.0.0.0' }] },
    undefined,
    [undefined],
  ],
  [
    'a default route’s',
    { interfaces: own, ips: [{ address: '10.1.0.2/32', interface: 0 }], routes },
    undefined,
    ['172.16.0.1'],
  ],
  [
    'none of a default route beside other interfaces',
    { interfaces: both, ips: [{ address: '10.1.0.2/32', interface: 0 }], routes },
    undefined,
    [undefined],
  ],
] as const)
  test(`the gateway of an address is ${what}`, () =>
    assert.equal(gatewaysOf(result as unknown as Partial<Result>, gateways as never), expected))

test.run()
