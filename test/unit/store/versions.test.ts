/** Versions of Patchbay that share a store: each reads what an older and a newer one has written, and takes nothing of it away. */

import * as assert from 'uvu/assert'
import { planOf, samePlan } from '../../../cli/pool/definition.ts'
import { isObject } from '../../../shared/config/json.ts'
import type { Schema } from '../../../shared/config/schema.ts'
import { write } from '../../../shared/store/claims/chain.ts'
import { grantSingles } from '../../../shared/store/claims/grant.ts'
import { changePool, deletePool } from '../../../shared/store/claims/pools.ts'
import { releaseHost } from '../../../shared/store/claims/release.ts'
import { reopenPool } from '../../../shared/store/claims/reopen.ts'
import { known } from '../../../shared/store/claims/value.ts'
import { type PoolDefinition, poolDefinition } from '../../../shared/store/pool.ts'
import * as values from '../../../shared/store/values.ts'
import type { MemoryStore } from '../../harness/memory-connection.ts'
import { restored } from '../../harness/memory-store.ts'
import {
  ask,
  enterOnly,
  given,
  keys,
  open,
  operator,
  poolHost,
  run,
  twoHosts,
  within,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

type Json = Record<string, unknown>

const id = '01234567-89ab-4def-8123-456789abcdef'
const [since, mac, network, host] = ['2026-11-28T12:00:00Z', '02:00:5e:10:00:01', 'net', 'one']

/** The least that the first version with a store writes: what this one requires besides would refuse it. */
const oldest: Record<keyof typeof values | 'poolDefinition', Json> = {
  epoch: { store: id, id, offset: -3, state: 'open', since },
  host: { id, counter: 7, nonce: id, seen: since },
  block: { block: '10.1.0.64/26', host, id, network, since },
  single: { address: '10.1.0.70', host, id, network, owner: 'two', state: 'asked', since },
  vtep: { address: '192.0.2.1', mac, port: 4789, since },
  neighbour: { mac, addresses: ['10.1.0.70'] },
  poolDefinition: { id, ranges: [{ subnet: '10.1.0.0/16' }], blockSize: { ipv4: 26, ipv6: 122 } },
}
const schemas: Readonly<Record<string, Schema>> = { ...values, poolDefinition }

/** With keys that this version does not know, in every object; one looks like a misspelt one. */
function newer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(newer)
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, newer(inner)])
  return { ...Object.fromEntries(entries), later: { at: [1, null] }, sinces: 'x', rangeEnds: 0 }
}

/** What this version makes of a value, and what it reports. */
function read(schema: Schema, value: unknown) {
  const reports: string[] = []
  const entry = { key: 'k', value: JSON.stringify(value), created: 1, modified: 1 }
  return { value: known(schema, entry, (message) => void reports.push(message))?.value, reports }
}

test('values of the oldest version are accepted, and those of a newer one with its own keys besides', () => {
  assert.equal(Object.keys(oldest).sort(), Object.keys(schemas).sort())
  for (const [name, schema] of Object.entries(schemas)) {
    const value = oldest[name as keyof typeof oldest]
    assert.equal(read(schema, value), { value, reports: [] }, name)
    const { value: found, reports } = read(schema, newer(value))
    assert.equal(reports, [], name)
    const keptKeys = Object.keys(value).map((key) => (found as Json)[key] !== undefined)
    assert.not.ok(keptKeys.includes(false), name)
  }
})

const parsed = ({ state }: MemoryStore, key: string): Json =>
  JSON.parse(state.entries.find((entry) => entry.key === key)?.value ?? '{}')

/** Adds a newer version's keys to a value of the store. */
async function renew(store: MemoryStore, key: string): Promise<void> {
  const value = JSON.stringify(newer(parsed(store, key)))
  await store.ask({ kind: 'transact', when: [], do: [{ put: { key, value } }], otherwise: [] })
}

/** The paths of the newer version's keys. */
function laterIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'later' ? [path] : laterIn(inner, `${path}/${key}`),
  )
}

test('a pool that an older version changes, closes and reopens keeps the keys of a newer one', async () => {
  const { store } = await twoHosts()
  const key = keys.pool('blue')
  await renew(store, key)
  const stays = () => assert.equal(laterIn(parsed(store, key)).sort(), ['', '/blockSize', '/ranges/0'])
  stays()
  const { ranges, blockSize } = parsed(store, key) as unknown as PoolDefinition
  const plan = planOf([...ranges, { subnet: '10.2.0.0/26' }], blockSize)
  assert.not.ok(samePlan(plan, { ranges, blockSize }))
  await ask(store, changePool(operator, 'blue', plan))
  assert.is((parsed(store, key) as unknown as PoolDefinition).ranges.length, 2)
  stays()
  await ask(store, deletePool(operator, 'blue'))
  assert.is(parsed(store, key).closing, true)
  stays()
  await ask(store, reopenPool(operator, 'blue'))
  assert.is(parsed(store, key).closing, undefined)
  stays()
})

test('an epoch that ends by a restore, is called again and opened keeps the keys of a newer version', async () => {
  const { store, one, two } = await twoHosts()
  await enterOnly(two)
  await renew(store, keys.epoch)
  const states: unknown[] = []
  const look = () => {
    const { state, later } = parsed(store, keys.epoch)
    states.push(state, later !== undefined)
  }
  store.state = restored(store.state)
  await enterOnly(one)
  look()
  const { id } = parsed(store, keys.epoch)
  await ask(store, releaseHost(operator, 'one'))
  assert.is.not(parsed(store, keys.epoch).id, id)
  look()
  await enterOnly(two)
  await open(store)
  look()
  assert.equal(states, ['closed', true, 'closed', true, 'open', true])
})

test('what another host has written, and this one answers or marks, keeps the keys of a newer version', async () => {
  const { store, one } = await twoHosts()
  const key = keys.single('blue', { family: 4, value: 0x0a010005n })
  const wish = newer({ ...oldest.single, address: '10.1.0.5', host: 'two', owner: 'one' })
  const put = { key, value: JSON.stringify(wish) }
  await store.ask({ kind: 'transact', when: [], do: [{ put }], otherwise: [] })
  await run(one, grantSingles(given(one), 'blue'))
  assert.is(parsed(store, key).state, 'granted')
  assert.equal(laterIn(parsed(store, key)), [''])
  const copy = { ...poolHost(store, 'one'), disk: one.disk }
  await run(one, within(given(one), write))
  await renew(store, keys.host('one'))
  await enterOnly(copy).catch(() => {})
  const marked = parsed(store, keys.host('one'))
  assert.equal([marked.nonce, laterIn(marked)], ['shared', ['']])
})

test.run()
