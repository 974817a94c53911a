/** The agent's part for vxlan peers: what it believes of the store, what a VTEP's entries are to be, and the differences to what they are. */

import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { apply, differencesOf, type Entries, only, remoteKey } from '../../../cli/agent/peers/differences.ts'
import { operationOf, toPublish, writingsOf } from '../../../cli/agent/peers/publish.ts'
import type { FollowedRange } from '../../../cli/agent/peers/range.ts'
import { toldOf } from '../../../cli/agent/peers/told.ts'
import { type Peer, type RemoteNeighbour, readNeighbour, readPeer } from '../../../cli/agent/peers/values.ts'
import { claimsOf, concerning, type Local, wantedOf } from '../../../cli/agent/peers/wanted.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import { test } from '../../harness/test.ts'

const mac = '02:00:00:00:00:01'

function entry(value: unknown, modified = 7): Entry {
  return { key: '', value: typeof value === 'string' ? value : JSON.stringify(value), created: 1, modified }
}

const vtep = { address: '192.0.2.2', mac, port: 4789, since: '' }
const wrongOf = (read: object) => ('wrong' in read ? String(read.wrong) : 'nothing is wrong')

test('a VTEP of the store is believed if its address is one that a host can have', () => {
  assert.equal(readPeer('two', entry({ ...vtep, address: '2001:DB8::2', more: 1 })), {
    value: { host: 'two', address: '2001:db8::2', family: 6, port: 4789, mac },
  })
  const refused: [unknown, RegExp][] = [
    [{ ...vtep, address: '239.1.1.1' }, /multicast/],
    [{ ...vtep, address: '0.0.0.0' }, /unspecified/],
    [{ ...vtep, address: '127.0.0.1' }, /loopback/],
    [{ ...vtep, address: '255.255.255.255' }, /broadcast/],
    [{ ...vtep, address: 'fe80::1' }, /link-local/],
    [{ ...vtep, address: 'two.example' }, /address must be/],
    [{ ...vtep, mac: '01:00:5e:00:00:01' }, /mac must be/],
    [{ ...vtep, port: 0 }, /port must be/],
    [{ ...vtep, since: undefined }, /since must be/],
    ['{', /must be/],
    ['[]', /must be/],
    [{ ...vtep, since: 'x'.repeat(1 << 20) }, /characters/],
  ]
  for (const [value, expected] of refused) assert.match(wrongOf(readPeer('two', entry(value))), expected)
  for (const key of ['', 'a/b', '-x', 'x'.repeat(300)])
    assert.match(wrongOf(readPeer(key, entry(vtep))), /host name/)
})

test('an attachment of the store is believed if its addresses are those of an interface, and its key says the same', () => {
  const good = { mac: '02:00:00:00:00:0A', addresses: ['10.1.0.2', 'FD00::2', 'fe80::2'] }
  assert.equal(readNeighbour('two/02:00:00:00:00:0a', entry(good)), {
    value: {
      host: 'two',
      mac: '02:00:00:00:00:0a',
      addresses: ['10.1.0.2', 'fd00::2', 'fe80::2'],
      modified: 7,
    },
  })
  const refused: [string, unknown, RegExp][] = [
    [`two/${mac}`, { mac: '33:33:00:00:00:01', addresses: [] }, /mac must be/],
    [`two/${mac}`, { mac: '00:00:00:00:00:00', addresses: [] }, /mac must be/],
    [`two/${mac}`, good, /another MAC/],
    [mac, { mac, addresses: [] }, /host name/],
    [`two/x/${mac}`, { mac, addresses: [] }, /host name|another MAC/],
    [`two/${mac}`, { mac, addresses: ['ff02::1'] }, /no interface's/],
    [`two/${mac}`, { mac, addresses: ['0.0.0.0'] }, /no interface's/],
    [`two/${mac}`, { mac, addresses: Array(65).fill('10.0.0.1') }, /65 addresses/],
    [`two/${mac}`, { mac, addresses: '10.0.0.1' }, /addresses must be/],
  ]
  for (const [key, value, expected] of refused)
    assert.match(wrongOf(readNeighbour(key, entry(value))), expected)
})

const local: Local = {
  host: 'one',
  address: '192.0.2.1',
  addresses: new Set(['192.0.2.1', '172.17.0.1']),
  family: 4,
  port: 4789,
  proxy: true,
  taken: new Set(),
}

function peer(host: string, address: string, port = 4789): Peer {
  return { host, address, family: address.includes(':') ? 6 : 4, port, mac }
}

function neighbour(host: string, mac: string, addresses: string[], modified = 1): RemoteNeighbour {
  return { host, mac, addresses, modified }
}

const lines = ({ flood, fdb, neighbours }: Entries) => [
  [...flood.keys()].map((key) => key.trim()),
  [...fdb].map(([mac, { dst }]) => `${mac} ${dst}`),
  [...neighbours].map(([address, mac]) => `${address} ${mac}`),
]

test('a VTEP floods to each peer but its own host, knows the MAC address of each attachment, and answers for its addresses', () => {
  const peers = [peer('one', '192.0.2.1'), peer('two', '192.0.2.2'), peer('three', '192.0.2.3', 4790)]
  const neighbours = [
    neighbour('one', '02:00:00:00:00:01', ['10.1.0.1']),
    neighbour('two', '02:00:00:00:00:02', ['10.1.0.2', 'fd00::2']),
    neighbour('gone', '02:00:00:00:00:09', ['10.1.0.9']),
  ]
  const { entries, wrongs } = wantedOf(local, peers, neighbours)
  assert.equal(lines(entries), [
    ['192.0.2.2', '192.0.2.3 4790'],
    ['02:00:00:00:00:02 192.0.2.2'],
    ['10.1.0.2 02:00:00:00:00:02', 'fd00::2 02:00:00:00:00:02'],
  ])
  assert.is(wrongs.size, 0)
  const silent = wantedOf({ ...local, proxy: false }, peers, neighbours)
  assert.equal([silent.entries.fdb.size, silent.entries.neighbours.size], [1, 0])
})

test('peers of the other family and of this host’s address are left out; of two with one address there is one entry', () => {
  const peers = [
    peer('six', '2001:db8::2'),
    peer('old', '192.0.2.1'),
    peer('a', '192.0.2.5'),
    peer('b', '192.0.2.5'),
  ]
  const { entries, wrongs } = wantedOf(local, peers, [neighbour('b', mac, [])])
  assert.equal(lines(entries), [['192.0.2.5'], [`${mac} 192.0.2.5`], []])
  assert.equal([...wrongs.keys()].sort(), ['b', 'old', 'six'])
})

test('no peer is at another address of this host, and no address of this host is another’s', () => {
  const peers = [peer('two', '192.0.2.2'), peer('docker', '172.17.0.1')]
  const { entries, wrongs } = wantedOf(local, peers, [neighbour('two', mac, ['10.1.0.5', '172.17.0.1'])])
  assert.equal(lines(entries), [['192.0.2.2'], [`${mac} 192.0.2.2`], [`10.1.0.5 ${mac}`]])
  assert.equal([...wrongs.keys()].sort(), ['172.17.0.1', 'docker'])
})

test('of two hosts that publish an address the newer counts, and what this host has is never taken over', () => {
  const peers = [peer('two', '192.0.2.2'), peer('three', '192.0.2.3')]
  const moved = [neighbour('three', mac, ['10.1.0.5'], 9), neighbour('two', mac, ['10.1.0.5'], 8)]
  assert.equal(lines(wantedOf(local, peers, moved).entries)[1], [`${mac} 192.0.2.3`])
  const taken = new Set([mac, '10.1.0.6'])
  const { entries, wrongs } = wantedOf({ ...local, taken }, peers, [
    ...moved,
    neighbour('two', '02:00:00:00:00:06', ['10.1.0.6']),
  ])
  assert.equal(lines(entries).slice(1), [['02:00:00:00:00:06 192.0.2.2'], []])
  assert.equal([...wrongs.keys()].sort(), ['02:00:00:00:00:01', '10.1.0.6'])
})

function entries(flood: string[], fdb: Record<string, string>, neighbours: Record<string, string>): Entries {
  const remote = (dst: string) => ({ dst })
  return {
    flood: new Map(flood.map((dst) => [remoteKey({ dst }), remote(dst)])),
    fdb: new Map(Object.entries(fdb).map(([mac, dst]) => [mac, remote(dst)])),
    neighbours: new Map(Object.entries(neighbours)),
  }
}

test('differences: what is new and changed is set first, what is not wanted is removed last, and made they leave none', () => {
  const wanted = entries(['b', 'c'], { m1: 'b', m2: 'c' }, { i1: 'm1', i2: 'm2' })
  const actual = entries(['a', 'b'], { m1: 'a', m3: 'a' }, { i1: 'm3', i3: 'm3' })
  const differences = differencesOf(wanted, actual)
  assert.equal(
    differences.map(({ kind, set }) => `${set === undefined ? 'remove' : 'set'} ${kind}`),
    [
      ...['set fdb', 'set fdb', 'set neighbour', 'set neighbour', 'set flood'],
      ...['remove neighbour', 'remove fdb', 'remove flood'],
    ],
  )
  apply(actual, differences)
  assert.equal(actual, wanted)
  assert.equal(differencesOf(wanted, actual), [])
})

test('news of some neighbours, looked at alone, leads to the same entries as a look at all', () => {
  const peers = [peer('two', '192.0.2.2'), peer('three', '192.0.2.3')]
  const some = { maxLength: 6, size: 'max' } as const
  const one = fc.record({
    host: fc.constantFrom('two', 'three', 'gone'),
    mac: fc.constantFrom('m1', 'm2', 'm3', 'taken'),
    addresses: fc.uniqueArray(fc.constantFrom('i1', 'i2', 'i3', '172.17.0.1'), { maxLength: 3 }),
    modified: fc.nat(3),
  })
  const taking: Local = { ...local, taken: new Set(['taken']) }
  fc.assert(
    fc.property(fc.array(one, some), fc.array(one, some), fc.array(one, some), (kept, ended, begun) => {
      const { entries: actual } = wantedOf(taking, peers, [...kept, ...ended])
      const after = [...kept, ...begun]
      const claims = new Set([...ended, ...begun].flatMap(claimsOf))
      const { entries } = wantedOf(taking, peers, concerning(claims, after))
      apply(actual, differencesOf(only(claims, entries), only(claims, actual)))
      const sorted = (all: Entries) => lines(all).map((some) => some.sort())
      assert.equal(sorted(actual), sorted(wantedOf(taking, peers, after).entries))
    }),
  )
})

function known<T>(values: Record<string, T>): FollowedRange<T> {
  const map = new Map(Object.entries(values))
  return { isKnown: () => true, values: () => map, wrongs: () => new Map(), note() {}, close() {} }
}

test('a host publishes its VTEP and attachments where the store has others, and removes those that ended', () => {
  const served = { vni: 7, vtep: 'vx7', address: '192.0.2.1', port: 4789 }
  const one = {
    network: 'n',
    containerID: 'c',
    ifname: 'eth0',
    vni: 7,
    mac: '02-00-00-00-00-0A',
    addresses: ['FD00::1'],
  }
  const [told] = toldOf([served], [one])
  assert.ok(told)
  const wanted = toPublish('one', told, mac)
  const empty = { vteps: known<Peer>({}), neighbours: known<RemoteNeighbour>({}) }
  assert.equal(
    writingsOf('one', wanted, empty, 'now').map((writing) => operationOf(writing, `${writing.range}/7/`)),
    [
      {
        put: {
          key: 'vteps/7/one',
          value: JSON.stringify({ address: '192.0.2.1', mac, port: 4789, since: 'now' }),
        },
      },
      {
        put: {
          key: 'neighbours/7/one/02:00:00:00:00:0a',
          value: JSON.stringify({ mac: '02:00:00:00:00:0a', addresses: ['fd00::1'] }),
        },
      },
    ],
  )
  const there = {
    vteps: known({ one: peer('one', '192.0.2.1'), two: peer('two', '192.0.2.2') }),
    neighbours: known({
      'one/02:00:00:00:00:0a': neighbour('one', '02:00:00:00:00:0a', ['fd00::1']),
      'one/02:00:00:00:00:0b': neighbour('one', '02:00:00:00:00:0b', []),
      'two/02:00:00:00:00:0c': neighbour('two', '02:00:00:00:00:0c', []),
    }),
  }
  assert.equal(writingsOf('one', wanted, there, 'now'), [
    { range: 'neighbours', key: 'one/02:00:00:00:00:0b' },
  ])
})

test.run()
