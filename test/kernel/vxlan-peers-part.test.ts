/** The agent's part for vxlan peers on a real VTEP, with a store in memory and shorter times: what one host does when others and its files change. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import type { Part } from '../../cli/agent/part.ts'
import { makePeers } from '../../cli/agent/peers/peers.ts'
import { openSegment, type Segment } from '../../cli/agent/peers/segment.ts'
import { findVtep } from '../../cli/agent/peers/vtep.ts'
import type { Workplace } from '../../cli/agent/peers/workplace.ts'
import type { States } from '../../cli/agent/states.ts'
import { openSocket, Protocol } from '../../shared/netlink/socket.ts'
import type { Connection, Follower } from '../../shared/store/connection.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import { tellServed } from '../../shared/store/peers.ts'
import type { Operation } from '../../shared/store/protocol.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { memoryStore } from '../harness/memory-connection.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

ip('link add under0 type veth peer name under1')
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)
ip('address add 192.0.2.1/24 dev under0')
for (const vni of [7, 8])
  ip(`link add vx${vni} up type vxlan id ${vni} dstport 4789 local 192.0.2.1 dev under0 nolearning proxy`)
const served = { vni: 7, vtep: 'vx7', address: '192.0.2.1', port: 4789 }
tellServed(served)

const keys = keysBelow('/p')
const store = memoryStore()
const followers = new Set<Follower>()
const pace = { gather: 5, removal: 1, look: 60_000, links: 1000 }

/** It tells nothing before `follow` has returned, as a real one. */
const connection: Connection = {
  ...store,
  follow(range, follower) {
    let inner: { close(): void } | undefined
    followers.add(follower)
    queueMicrotask(() => {
      inner = store.follow(range, follower)
    })
    return {
      close() {
        followers.delete(follower)
        inner?.close()
      },
    }
  },
}

/** Starts the part for networks of some VNIs. */
function start(vnis: number[], look = pace.look): { part: Part; said: string[] } {
  const said: string[] = []
  const log = { warn: (text: string) => said.push(text), info: (text: string) => said.push(text) }
  const settings = { beat: 1000, emptyFor: 1000 }
  const part = makePeers({ ...pace, look })({ connection, keys, host: 'one', log, settings })
  part.use(vnis.map((vni) => ({ name: `n${vni}`, plugin: 'vxlan', raw: { vni }, peers: true })))
  return { part, said }
}

const change = (one: Operation) => store.ask({ kind: 'transact', when: [], do: [one], otherwise: [] })
const put = (key: string, value: object) => change({ put: { key, value: JSON.stringify(value) } })
const remove = (key: string) => change({ remove: { from: key } })
const has = (key: string) => store.state.entries.some((entry) => entry.key === key)
const isOwn = (key: string) =>
  store.state.entries.some((entry) => entry.key === key && entry.value.includes(served.address))
const fdb = () => command('bridge', 'fdb', 'show', 'dev', 'vx7')
const vtep = { address: '192.0.2.2', mac: '02:00:00:00:00:02', port: 4789, since: '' }
const mac = '02:00:00:00:00:0a'
const publish = () => put(keys.neighbour(7, 'two', mac), { mac, addresses: [] })

test('an entry from before the agent began stays for a while, for the store may lack it by mistake; what the store had goes at once', async () => {
  const stale = '02:00:00:00:00:77'
  for (const words of [`add ${stale} self permanent`, 'append 00:00:00:00:00:00'])
    command('bridge', 'fdb', ...words.split(' '), 'dev', 'vx7', 'dst', '192.0.2.99')
  ip(`neighbour add 10.2.9.9 lladdr ${stale} dev vx7 nud permanent`)
  const first = start([7])
  await put(keys.vtep(7, 'two'), vtep)
  await publish()
  await until('the neighbour is known', () => fdb().includes(mac))
  await remove(keys.neighbour(7, 'two', mac))
  await until('it is forgotten', () => !fdb().includes(mac))
  assert.match(fdb(), stale)
  await first.part.stop()
  const second = start([7], 100)
  await until('what the store does not have is removed', () => !fdb().includes('192.0.2.99'))
  assert.is(command('ip', 'neighbour', 'show', 'dev', 'vx7', 'nud', 'permanent'), '')
  await second.part.stop()
})

test('a VNI that lives on this host stays published when the agent begins without its configuration', async () => {
  await put(keys.vtep(9, 'one'), vtep)
  const { part } = start([8])
  await until('what is left of another is removed', () => !has(keys.vtep(9, 'one')))
  await part.stop()
  assert.ok(has(keys.vtep(7, 'one')))
})

test('a store that is away is a trouble of the part, said once for all that it follows, and ends with the first news', async () => {
  const { part, said } = start([7])
  await until('all is known', () => part.troubles().length === 0 && followers.size === 2)
  for (const { away } of followers) away?.('no member answers')
  assert.equal(part.troubles(), ['peers: the store tells nothing of them: no member answers'])
  for (const { changed } of followers) changed([], store.state.revision)
  assert.equal(part.troubles(), [])
  assert.equal(said, ['peers: the store tells nothing of them: no member answers', 'peers: well again'])
  await part.stop()
})

test('that another host has this one\u2019s name is said once, also while neighbours come', async () => {
  const { part, said } = start([7])
  await remove(keys.vtep(7, 'one'))
  await until('the VTEP is published', () => has(keys.vtep(7, 'one')))
  await put(keys.vtep(7, 'one'), { ...vtep, address: '192.0.2.3' })
  await until('it is said', () => said.length > 0)
  await publish()
  await until('the neighbour is known', () => fdb().includes(mac))
  assert.is(said.length, 1, said.join('\n'))
  assert.match(said[0] ?? '', 'VNI 7, own key vteps/one: another host changes or removes it')
  await part.stop()
})

interface Looked {
  segment: Segment
  /** The passes so far. */
  count(): number
  update(name: string): void
  news(name: string): Promise<void>
}

test('a look that finds nothing new of a VNI makes no pass over it', async () => {
  const passes = new Map<string, number>()
  const doubts: States = {
    set() {},
    only: (prefix) => void passes.set(prefix, (passes.get(prefix) ?? 0) + 1),
    all: () => [],
  }
  const faults: States = { set() {}, only() {}, all: () => [] }
  const [socket, announcer] = [openSocket(Protocol.ROUTE), { announce() {}, close() {} }]
  const place: Workplace = {
    connection,
    keys,
    host: 'one',
    socket,
    announcer,
    faults,
    doubts,
    pace,
    away() {},
  }
  const [seven, eight] = [7, 8].map((vni) => {
    const told = { ...served, vni, vtep: `vx${vni}`, attached: [] }
    const vtep = findVtep(socket, told.vtep, vni)
    assert.ok(vtep)
    const segment = openSegment(place, told, vtep)
    const count = () => passes.get(`VNI ${vni}: `) ?? 0
    /** The name is told, and has no effect. */
    const update = (name: string) => segment.update({ ...told, vtep: name }, vtep)
    const news = async (name: string) => {
      const before = count()
      update(name)
      await until('a pass is made', () => count() > before)
    }
    return { segment, count, news, update }
  }) as [Looked, Looked]
  for (const [vni, one] of [
    [7, seven],
    [8, eight],
  ] as const) {
    await until('it is published', () => one.count() > 0 && isOwn(keys.vtep(vni, 'one')))
    await one.news('first')
  }
  const before = seven.count()
  seven.update('first')
  await eight.news('second')
  assert.is(seven.count(), before)
  for (const { segment } of [seven, eight]) await segment.stop()
})

test.run()
