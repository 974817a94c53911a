/** What `pool ls`, `show` and `check` make of a store, whatever is in it. */

import * as assert from 'uvu/assert'
import { answer as checkAnswer } from '../../../../cli/answers/pool-check.ts'
import { answer as lsAnswer } from '../../../../cli/answers/pool-ls.ts'
import { answer as showAnswer } from '../../../../cli/answers/pool-show.ts'
import { file } from '../../../../cli/form/page.ts'
import type { HeldHere, Holding } from '../../../../cli/host/holdings.ts'
import { checkedText } from '../../../../cli/pool/checked-text.ts'
import { type Contents, readContents } from '../../../../cli/pool/contents.ts'
import { findingsIn } from '../../../../cli/pool/findings.ts'
import { findingsHere } from '../../../../cli/pool/here-findings.ts'
import { poolsIn, poolsText } from '../../../../cli/pool/pools.ts'
import { shownOf } from '../../../../cli/pool/shown.ts'
import { shownText } from '../../../../cli/pool/shown-text.ts'
import { parseAddress } from '../../../../shared/ip/address.ts'
import type { Holdings } from '../../../../shared/store/memory.ts'
import { blue, epochID, hostID, newPoolStore, since, storeID, uuid } from '../../../harness/pool-store.ts'
import { test } from '../../../harness/test.ts'

const now = Date.parse(since) + 60_000
const nowhere: HeldHere = { networks: [], damaged: [] }
type Pools = ReturnType<typeof newPoolStore>

const contentsOf = ({ session, keys }: Pools) => session.run(readContents(keys))
const kinds = (contents: Contents, at = now) =>
  findingsIn(contents, at).map(({ kind, subject }) => [kind, subject])

/** Two hosts, three blocks, one single. */
function healthy(): Pools {
  const pools = newPoolStore()
  pools.host('node1')
  pools.host('node2')
  pools.block('10.1.0.0/26', 'node1')
  pools.block('fd00:1::40/122', 'node1')
  pools.block('10.1.0.64/26', 'node2', { network: 'other' })
  pools.single('10.1.0.70', 'node1', 'node2')
  return pools
}

test('ls counts blocks, their addresses and their hosts of each family, and what this host holds', async () => {
  const data = lsAnswer.parse(poolsIn(await contentsOf(healthy()), here()))
  assert.equal(data, [
    {
      name: 'blue',
      ranges: ['10.1.0.0/16', 'fd00:1::/64'],
      closing: false,
      hosts: 2,
      families: [
        {
          family: 4,
          blockSize: 26,
          blocks: { claimed: 2, total: 1024 },
          addresses: { total: 65533, claimed: 126 },
        },
        {
          family: 6,
          blockSize: 122,
          blocks: { claimed: 1, total: 2 ** 58 },
          addresses: { total: 2 ** 64, claimed: 64 },
        },
      ],
      here: { blocks: 1, addresses: 1 },
    },
  ])
  assert.match(poolsText(file, data), /blue +10\.1\.0\.0\/16 +2\/1024 +\/26 +0\.2% +65533 +2 +1/)
})

test('show has what each network of each host holds, and who has an address', async () => {
  const contents = await contentsOf(healthy())
  const show = (word?: string) =>
    showAnswer.parse(
      shownOf(['blue', blue], contents, nowhere, word === undefined ? word : parseAddress(word)),
    )
  const { hosts } = show()
  assert.equal(
    hosts.map(({ host, blocks, singles, confirmed }) => [host, blocks.length, singles.length, confirmed]),
    [
      ['node1', 2, 1, true],
      ['node2', 1, 0, true],
    ],
  )
  const holder = (word: string) => {
    const { address } = show(word)
    return [address?.host, address?.network, address?.block, address?.inPool, address?.role]
  }
  assert.equal(holder('10.1.0.65'), ['node2', 'other', '10.1.0.64/26', true, undefined])
  assert.equal(holder('10.1.0.70'), ['node1', 'net', '10.1.0.64/26', true, undefined])
  assert.equal(holder('10.1.0.1'), ['node1', 'net', '10.1.0.0/26', true, 'gateway'])
  assert.equal(holder('10.2.0.1'), [undefined, undefined, undefined, false, undefined])
  assert.match(shownText(file, show('10.1.0.65')), /host +node2/)
  assert.match(shownText(file, show()), /node2 +other +1 +10\.1\.0\.64\/26/)
})

test('check finds nothing in a store that is well', async () => {
  assert.equal(kinds(await contentsOf(healthy())), [])
})

const faults: readonly (readonly [string, (pools: Pools) => unknown, readonly (readonly string[])[]])[] = [
  [
    'a value that is no JSON',
    ({ put }) => put('/patchbay/hosts/node3', '{'),
    [['bad-value', '/patchbay/hosts/node3']],
  ],
  [
    'a block under the name of another',
    ({ put }) =>
      put('/patchbay/blocks/blue/4/0a010080', {
        block: '10.1.0.192/26',
        host: 'node1',
        id: hostID('node1'),
        network: 'n',
        since,
      }),
    [['bad-value', '/patchbay/blocks/blue/4/0a010080']],
  ],
  [
    'a pool with a range that host-local refuses',
    ({ put }) => put('/patchbay/pools/red', { ...blue, ranges: [{ subnet: '10.9.0.1/16' }] }),
    [['bad-value', '/patchbay/pools/red']],
  ],
  [
    'a name that none may have',
    ({ put }) => put('/patchbay/pools/a/b', blue),
    [['bad-value', '/patchbay/pools/a/b']],
  ],
  [
    'an epoch that is damaged',
    ({ put }) => put('/patchbay/epoch', '7'),
    [
      ['bad-value', '/patchbay/epoch'],
      ['bad-value', 'epoch'],
    ],
  ],
  [
    'a restored store, in which one host has not confirmed',
    ({ epoch, host }) => [epoch({ id: uuid(9), state: 'closed' }), host('node1', { epoch: uuid(9) })],
    [
      ['closed', 'epoch'],
      ['unconfirmed', 'node2'],
    ],
  ],
  [
    'a block of a pool that is gone',
    ({ block }) => block('10.7.0.0/26', 'node1', { pool: 'red' }),
    [['unknown-pool', '/patchbay/blocks/red/4/0a070000']],
  ],
  [
    'blocks of a host that is not registered',
    ({ block }) => [block('10.1.1.0/26', 'node9'), block('10.1.1.64/26', 'node9')],
    [['unknown-host', 'node9']],
  ],
  [
    'a host that was installed anew',
    ({ host }) => host('node2', { id: uuid(77) }),
    [['unknown-host', 'node2']],
  ],
  [
    'a block outside of the ranges',
    ({ block }) => block('10.3.0.0/26', 'node1'),
    [['outside', 'blue 10.3.0.0/26']],
  ],
  [
    'blocks of two sizes that overlap',
    ({ block }) => block('10.1.0.96/27', 'node1'),
    [
      ['outside', 'blue 10.1.0.96/27'],
      ['overlapping', 'blue 10.1.0.64/26 of node2, network other'],
    ],
  ],
  [
    'a single that is not answered for long',
    ({ single }) => single('10.1.0.71', 'node1', 'node2', { state: 'asked', since: '2026-11-28T11:00:00Z' }),
    [['unanswered', '/patchbay/singles/blue/4/0a010047']],
  ],
  [
    'a single of a host that does not hold the block',
    ({ single }) => single('10.1.0.5', 'node2', 'node7'),
    [['ownerless', '/patchbay/singles/blue/4/0a010005']],
  ],
]

for (const [name, make, expected] of faults)
  test(`check finds ${name}, and nothing else`, async () => {
    const pools = healthy()
    make(pools)
    assert.equal(kinds(await contentsOf(pools)), expected)
  })

test('a single of a moment ago is no finding, and neither is one whose time is no time', async () => {
  const pools = healthy()
  pools.single('10.1.0.71', 'node1', 'node2', { state: 'asked' })
  pools.single('10.1.0.72', 'node1', 'node2', { state: 'asked', since: 'then' })
  assert.equal(kinds(await contentsOf(pools)), [])
})

const held = { block: '10.1.0.0/26', state: 'held', modified: 5 } as const

function holding(more: Partial<Holdings> = {}, taken: readonly string[] = ['10.1.0.2']): Holding {
  const ours = {
    network: 'net',
    dataDir: '/d',
    pool: 'blue',
    definition: blue,
    store: storeID,
    id: hostID('node1'),
  }
  return {
    file: '/d/.patchbay-pool/net.json',
    directory: '/d/net',
    holdings: { ...ours, blocks: [held], singles: [], ...more },
    taken: taken.flatMap((text) => parseAddress(text) ?? []),
  }
}

function here(one: Holding = holding()): HeldHere {
  const store = { store: storeID, epoch: epochID, revision: 1, counter: 1, nonce: 'n' }
  return { networks: [one], damaged: [], memory: { id: hostID('node1'), stores: [store], dataDirs: ['/d'] } }
}

/** The store has nothing of node1 but 10.1.0.0/26. */
async function compared(own: HeldHere, make: (pools: Pools) => unknown = () => {}) {
  const pools = newPoolStore()
  pools.host('node1')
  pools.block('10.1.0.0/26', 'node1')
  make(pools)
  return findingsHere(own, await contentsOf(pools), 'node1').map(({ kind, subject }) => [kind, subject])
}

test("check compares this host's files with the store", async () => {
  const blocks = (...states: readonly ('claiming' | 'held' | 'leaving' | 'disputed')[]) =>
    states.map((state, at) => ({ ...held, block: `10.1.${at}.0/26`, state }))
  assert.equal(await compared(here()), [])
  assert.equal(await compared(here(holding({ blocks: blocks('held', 'held') }))), [
    ['lost', 'blue 10.1.1.0/26'],
  ])
  assert.equal(await compared(here(holding({ blocks: blocks('held', 'claiming', 'leaving') }))), [
    ['pending', 'blue 10.1.1.0/26'],
    ['pending', 'blue 10.1.2.0/26'],
  ])
  assert.equal(await compared(here(), ({ block }) => block('10.1.0.0/26', 'node2')), [
    ['disputed', 'blue 10.1.0.0/26'],
  ])
  assert.equal(await compared(here(), ({ block }) => block('10.1.0.64/26', 'node1')), [
    ['forgotten', 'blue 10.1.0.64/26'],
  ])
  assert.equal(await compared(here(), ({ host }) => host('node1', { id: uuid(77) })), [
    ['unknown-host', 'node1'],
  ])
  assert.equal(await compared(here(holding({}, ['10.1.0.2', '10.1.0.64']))), [
    ['unheld-address', '/d/net/10.1.0.64'],
  ])
  assert.equal(await compared(here(holding({ definition: { ...blue, id: uuid(8) } }))), [
    ['former-pool', '/d/.patchbay-pool/net.json'],
  ])
  assert.equal(
    await compared({ ...here(), memory: undefined }, ({ host }) => host('node1', { id: uuid(77) })),
    [['unknown-host', 'node1']],
  )
  assert.equal(await compared({ ...here(), networks: [], memory: undefined }), [['unknown-host', 'node1']])
  assert.equal(await compared({ ...here(), damaged: [{ file: '/x/host.json', why: 'it is no JSON' }] }), [
    ['damaged-file', '/x/host.json'],
  ])
})

test('a network of another store, and an address that another host has granted, are no finding', async () => {
  assert.equal(
    await compared(
      here(holding({ store: uuid(50), blocks: [{ ...held, block: '10.9.0.0/26' }] })),
      ({ store }) => {
        store.state = {
          ...store.state,
          entries: store.state.entries.filter(({ key }) => !key.includes('/blocks/')),
        }
      },
    ),
    [],
  )
  const single = { address: '10.1.0.70', owner: 'far', state: 'held', modified: 7 } as const
  const own = here(holding({ singles: [single] }, ['10.1.0.2', '10.1.0.70']))
  const granting = (state: 'granted' | 'refused') => (pools: Pools) =>
    pools.single('10.1.0.70', 'node1', 'far', { state })
  assert.equal(await compared(own, granting('granted')), [])
  for (const make of [granting('refused'), () => {}])
    assert.equal(await compared(own, make), [['lost', 'blue 10.1.0.70']])
})

test('terminal escapes, marks of direction and values of a megabyte in the store change no screen', async () => {
  const pools = healthy()
  const hostile = '\u001b[2J\u202e'
  pools.block('10.1.2.0/26', 'node1', { network: `${hostile}net`, since: hostile })
  pools.single('10.1.0.80', 'node1', 'node2', { state: 'refused', reason: hostile })
  pools.put(`/patchbay/hosts/${hostile}`, '{}')
  pools.put('/patchbay/hosts/big', JSON.stringify({ id: 'x'.repeat(1_000_000) }))
  pools.put('/patchbay/pools/big', `[${'['.repeat(400_000)}`)
  pools.host('node3', { seen: 'y'.repeat(1_000_000), version: hostile })
  pools.block('10.1.3.0/26', 'node3', { network: 'z'.repeat(1_000_000) })
  const contents = await contentsOf(pools)
  const findings = [...findingsIn(contents, now)]
  const checked = { pools: 1, hosts: 2, blocks: 1, singles: 1, networks: 0 }
  const texts = [
    checkedText({ ...file, width: 100 }, checkAnswer.parse({ checked, findings })),
    shownText({ ...file, width: 100 }, shownOf(['blue', blue], contents, nowhere)),
    poolsText(file, poolsIn(contents, nowhere)),
  ]
  assert.equal(
    findings.map(({ kind }) => kind),
    ['bad-value', 'bad-value', 'bad-value'],
  )
  for (const text of texts) {
    assert.not([...hostile].some((one) => text.includes(one) && one > 'z') || text.includes('\u001b'))
    assert.ok(text.length < 20_000, `${text.length}`)
  }
})

test('a store of 1,000 hosts and 10,000 blocks is read by pages, shown and checked', async () => {
  const pools = newPoolStore()
  const entries = [...Array(1000).keys()].flatMap((number) => {
    const name = `node${number}`
    const value = { id: hostID(name), epoch: epochID, counter: 1, nonce: 'n', seen: since }
    const blocks = [...Array(10).keys()].map((at) => {
      const first = (10n << 24n) + BigInt((number * 10 + at) * 64) + (1n << 16n)
      const block = `${[24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n).join('.')}/26`
      const key = pools.keys.block('blue', { family: 4, value: first })
      return { key, value: JSON.stringify({ block, host: name, id: hostID(name), network: 'net', since }) }
    })
    return [{ key: pools.keys.host(name), value: JSON.stringify(value) }, ...blocks]
  })
  const all = [
    ...pools.store.state.entries,
    ...entries.map((entry) => ({ ...entry, created: 9, modified: 9 })),
  ]
  pools.store.state = {
    ...pools.store.state,
    entries: all.sort((one, other) => (one.key < other.key ? -1 : 1)),
  }
  const wide = { ...blue, ranges: [{ subnet: '10.0.0.0/8' }] }
  await pools.put(pools.keys.pool('blue'), wide)
  const asked = pools.store.asked.length
  const contents = await contentsOf(pools)
  const shown = shownOf(['blue', wide], contents, nowhere)
  const text = shownText(file, shown)
  const found = findingsIn(contents, now)
  assert.is(shown.hosts.length, 1000)
  assert.is(text.split('\n').length, 1000 + 5)
  assert.equal(found, [])
  assert.ok(pools.store.asked.length - asked < 30)
})

test.run()
