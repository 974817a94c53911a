/** The agent's part for vxlan peers: what it writes to the store, when another does so under its name; and what it takes back. */

import * as assert from 'uvu/assert'
import { followRange } from '../../../cli/agent/peers/range.ts'
import { openRetirement } from '../../../cli/agent/peers/retire.ts'
import { openStoreSide, type StoreSide } from '../../../cli/agent/peers/store-side.ts'
import { readNeighbour, readPeer } from '../../../cli/agent/peers/values.ts'
import type { Served, Workplace } from '../../../cli/agent/peers/workplace.ts'
import { statesOf } from '../../../cli/agent/states.ts'
import { allBelow, keysBelow } from '../../../shared/store/keys.ts'
import { type MemoryStore, memoryStore } from '../../harness/memory-connection.ts'
import { test } from '../../harness/test.ts'
import { until } from '../../harness/until.ts'

const keys = keysBelow('/p')
const vtepMac = '02:00:00:00:00:01'

/** An agent's host `one` with an attachment; of a pace without looks unless the test says another. */
function publisher(store: MemoryStore, mac: string, look = 60_000) {
  const said: string[] = []
  const states = statesOf({ warn: (text) => said.push(text), info: (text) => said.push(text) })
  let side: StoreSide | undefined
  const [changed, filled] = [() => side?.look(), (isAgain: boolean) => side?.look(isAgain)]
  const common = { most: 10, changed, filled, away: () => {} }
  const ranges = {
    vteps: followRange(store, { ...common, prefix: keys.vteps(7), read: readPeer }),
    neighbours: followRange(store, { ...common, prefix: keys.neighbours(7), read: readNeighbour }),
  }
  const attached = [{ network: 'n', containerID: mac, ifname: 'eth0', vni: 7, mac, addresses: ['10.0.0.1'] }]
  const told = { vni: 7, vtep: 'vx7', address: '192.0.2.1', port: 4789, attached }
  const pace = { gather: 1, removal: 1, look, links: 1000 }
  const place = { connection: store, keys, host: 'one', faults: states, doubts: states, pace }
  const served = { name: 'VNI 7', told, vtep: { link: { mac: vtepMac } }, ranges }
  side = openStoreSide(place as unknown as Workplace, served as unknown as Served)
  side.look()
  return { side, said }
}

const keyOf = (mac: string) => keys.neighbour(7, 'one', mac)
const [first, second] = ['02:00:00:00:00:0a', '02:00:00:00:00:0b']
const isThere = (store: MemoryStore, mac: string) => store.state.entries.some(({ key }) => key === keyOf(mac))
const remove = (store: MemoryStore, key: string) =>
  store.ask({ kind: 'transact', when: [], do: [{ remove: { from: key } }], otherwise: [] })
const put = (store: MemoryStore, key: string, value: object) =>
  store.ask({
    ...{ kind: 'transact', when: [], otherwise: [] },
    do: [{ put: { key, value: JSON.stringify(value) } }],
  })

test('two hosts of one name, each of which removes the other\u2019s attachment, say so and cease to write', async () => {
  const store = memoryStore()
  const both = [publisher(store, first), publisher(store, second)]
  await until('both say so', () =>
    both.every(({ said }) => /own key neighbours.*give each host a name/.test(said.join())),
  )
  for (const { side } of both) await side.stop()
  assert.ok(store.asked.length < 20, String(store.asked.length))
})

test('what is deleted by mistake is written again at once, without a doubt, and so is what a restored store lacks', async () => {
  const store = memoryStore()
  const { side, said } = publisher(store, first)
  const written = () => until('it is written', () => isThere(store, first))
  await written()
  const backup = store.state
  for (const _ of [1, 2]) {
    await remove(store, keyOf(first))
    await written()
  }
  assert.equal(said, [])
  await remove(store, keyOf(first))
  await until('it waits', () => said.length === 1)
  store.state = { ...backup, revision: 1, entries: [] }
  await put(store, keyOf(second), {})
  await written()
  await side.stop()
})

test('a key that another has written is put right after a time, and is said to be well again when it has stood as long', async () => {
  const store = memoryStore()
  const { side, said } = publisher(store, first, 100)
  await until('it is published', () => isThere(store, first))
  await put(store, keyOf(first), { mac: first, addresses: ['10.0.0.9'] })
  const value = () => store.state.entries.find(({ key }) => key === keyOf(first))?.value
  await until('it is put right', () => value()?.includes('10.0.0.1') ?? false)
  assert.match(said[0] ?? '', /own key/)
  await until('it has stood', () => {
    side.look()
    return said.length === 2
  })
  assert.match(said[1] ?? '', 'well again')
  await side.stop()
})

/** What takes back a host's keys; at first it has VNI 7 in the store. */
async function retiring(store: MemoryStore, living: number[] = []) {
  await put(store, keys.vtep(7, 'one'), {})
  const faults = statesOf({ warn() {}, info() {} })
  const where = { connection: store, keys, host: 'one', faults }
  const all = () => living.map((vni) => ({ vni }))
  return openRetirement(where, all, () => false)
}

const published = ({ state }: MemoryStore) => {
  const { from, to } = allBelow(keys.vteps())
  return state.entries.flatMap(({ key }) => (key >= from && key < to ? [key.slice(from.length)] : []))
}

test('at the start what is left of a VNI is removed, if nothing of it lives on this host', async () => {
  const store = memoryStore()
  const retirement = await retiring(store, [7])
  for (const [vni, host] of [
    [8, 'one'],
    [8, 'two'],
  ] as const)
    await put(store, keys.vtep(vni, host), {})
  retirement.soon()
  await until('the other is removed', () => !published(store).includes('8/one'))
  await retirement.stop()
  assert.equal(published(store), ['7/one', '8/two'])
})

test('a VNI that is served and ends again while it is removed is removed again, and so is one whose removal failed', async () => {
  const store = memoryStore()
  const retirement = await retiring(store)
  const removals = () => store.asked.filter((step) => step.kind === 'transact' && step.do.length === 2)
  store.fate = () => {
    if (removals().length === 1) retirement.add(7)
    return 'answered'
  }
  retirement.soon()
  await until('it is removed twice', () => removals().length === 2)
  await put(store, keys.vtep(7, 'one'), {})
  store.fate = () => (removals().length === 3 ? 'lost' : 'answered')
  retirement.add(7)
  retirement.soon()
  await until('it is removed', () => published(store).length === 0)
  await retirement.stop()
})

test.run()
