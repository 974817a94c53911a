/**
 * Ten hosts and a real etcd of three members, with calls that are killed, members that restart and hosts that are cut off: no address is at two
 * containers at one time, and none is lost: at the end all addresses of the pool are given again.
 */
// etcd: 3.5

import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { parseAddress } from '../../shared/ip/address.ts'
import type { Holdings } from '../../shared/store/memory.ts'
import type { BlockValue } from '../../shared/store/values.ts'
import { addressesOf } from '../harness/address.ts'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost } from '../harness/cluster-host.ts'
import { privateHost } from '../harness/host.ts'
import { type Answer, type Call, type Result, started } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { newHistory, overlaps } from '../model/pool/history/possession.ts'
import { randomFrom } from '../model/pool/history/random.ts'

await privateHost()

const { hosts, etcd, cutOff, heal } = await newCluster({ hosts: 10, etcd: { members: 3 } })
const random = randomFrom(18)
const history = newHistory()
const counts = { adds: 0, refused: 0, killed: 0, dels: 0 }

/** How long hosts work, milliseconds: until enough has happened, which takes a busy machine longer. */
const duration = [12_000, 120_000] as const
/** How many containers each has at most. */
const most = 9

/** Whether hosts go on. */
function isAtWork(begun: number): boolean {
  const [least, longest] = duration.map((each) => begun + each) as [number, number]
  const isEnough = counts.adds > 50 && counts.killed > 3
  return performance.now() < (isEnough ? least : longest)
}

hosts[0]?.patchbay('pool create blue --range 10.1.0.0/24 --block-size 30')

function begin(host: ClusterHost, verb: Call['verb'], containerID: string) {
  const ipam = { type: 'pool', pool: 'blue' }
  const config = { cniVersion: '1.1.0', name: 'net', type: 'pool', ipam }
  return started({ verb, containerID, netns: '/none', config, under: host.under, env: host.env })
}

/** When a call is killed, milliseconds after its start: most take some, one that claims a block takes hundreds. */
const momentOfKill = () => (random(2) === 0 ? random(15) : random(400))

/** ADD; one in six is killed if it still runs then, and DEL follows. @returns whether the container has an address */
async function add(host: ClusterHost, container: string, mayBeKilled: boolean): Promise<boolean> {
  const { pid, answer } = begin(host, 'ADD', container)
  const isKilled = mayBeKilled && random(6) === 0
  const kill = isKilled ? setTimeout(() => process.kill(pid, 'SIGKILL'), momentOfKill()) : undefined
  const { status, json } = await answer.catch(unreadable)
  clearTimeout(kill)
  if (status === 0) {
    const { ips } = json as unknown as Result
    for (const address of addressesOf(ips)) history.given(container, address, performance.now())
    counts.adds++
    return true
  }
  counts[status === 128 ? 'killed' : 'refused']++
  await del(host, container)
  return false
}

/** A program that is killed while it writes its answer. */
function unreadable(): Answer {
  return { status: 128, json: undefined, stderr: '' }
}

async function del(host: ClusterHost, container: string): Promise<void> {
  history.ended(container, performance.now())
  const { status, json } = await begin(host, 'DEL', container).answer
  assert.is(status, 0, JSON.stringify(json))
  counts.dels++
}

/** A host's containers come and go. @returns those that are left */
async function work(host: ClusterHost, begun: number): Promise<string[]> {
  const containers: string[] = []
  for (let number = 0; isAtWork(begun); number++) {
    const isFull = containers.length >= most || random(5) === 0
    const old = isFull ? containers.splice(random(containers.length || 1), 1)[0] : undefined
    if (old) await del(host, old)
    else {
      const container = `${host.name}-${number}-`
      if (await add(host, container, true)) containers.push(container)
    }
  }
  return containers
}

/** One fault after the other; at the end all is well again. */
async function disturb(begun: number): Promise<void> {
  while (isAtWork(begun)) {
    const host = hosts[random(hosts.length)] as ClusterHost
    const member = etcd.members[random(etcd.members.length)]
    const fault = random(3)
    if (fault === 0) cutOff(host, (['both', 'in', 'out'] as const)[random(3)] ?? 'both')
    if (fault === 1) await member?.kill()
    if (fault === 2) member?.pause()
    await pause(500 + random(2000))
    if (fault === 0) heal(host)
    if (fault === 1) member?.start()
    if (fault === 2) member?.resume()
    await member?.ready()
  }
}

const dataDir = '/var/lib/cni/networks'

function holdingsOf(host: ClusterHost): Holdings {
  return JSON.parse(host.read(`${dataDir}/.patchbay-pool/net.json`))
}

/** The records of addresses on all hosts: `CONTAINER ADDRESS`. */
function records(): string[] {
  const found = hosts.flatMap((host) => {
    const addresses = host.list(`${dataDir}/net`).filter((name) => parseAddress(name))
    return addresses.map((address) => `${host.read(`${dataDir}/net/${address}`).split('\r')[0]} ${address}`)
  })
  return found.sort()
}

/** What containers have by the answers of their ADDs: `CONTAINER ADDRESS`. */
function had(): string[] {
  const living = history.possessions.filter(({ to }) => to === undefined)
  return living.map(({ container, address }) => `${container} ${address}`).sort()
}

const byHost = (action: (host: ClusterHost) => Promise<void>) => Promise.all(hosts.map(action))

/** Ends all containers of a host. */
async function empty(host: ClusterHost): Promise<void> {
  const own = had().filter((one) => one.startsWith(`${host.name}-`))
  for (const one of own) await del(host, one.split(' ')[0] ?? '')
}

let fills = 0

/** Adds containers until one is refused. */
async function fill(host: ClusterHost): Promise<void> {
  while (await add(host, `${host.name}-full${fills++}-`, false));
}

/** Adds containers until a block is claimed: then the host has entered the store after all faults. */
async function enter(host: ClusterHost): Promise<void> {
  const before = JSON.stringify(holdingsOf(host).blocks)
  for (let number = 0; JSON.stringify(holdingsOf(host).blocks) === before; number++)
    await until(`ADD at ${host.name} works`, () => add(host, `${host.name}-last${number}-`, false))
}

test('ten hosts work while etcd and the network fail', async () => {
  const begun = performance.now()
  await Promise.all([disturb(begun), ...hosts.map((host) => work(host, begun))])
  for (const host of hosts) await enter(host)
  console.log(JSON.stringify(counts))
  assert.ok(counts.adds > 50 && counts.killed > 3, 'too little has happened')
  assert.equal(overlaps(history.possessions), [])
})

/** As `host block held`. */
function inStore(): string[] {
  const lines = etcd.etcdctl('get', '/patchbay/blocks/', '--prefix', '--print-value-only').split('\n')
  const values = lines.filter(Boolean).map((line) => JSON.parse(line) as BlockValue)
  return values.map(({ block, host }) => `${host} ${block} held`).sort()
}

/** As `host block state`. */
function inFiles(): string[] {
  const all = hosts.flatMap((host) =>
    holdingsOf(host).blocks.map(({ block, state }) => `${host.name} ${block} ${state}`),
  )
  return all.sort()
}

test('each block is in the store for the host that holds it, and in no other file', async () => {
  // The last ADD of a host may have begun to claim a spare block.
  await until('all claims have ended', () => inFiles().every((line) => line.endsWith(' held')))
  await until('files and store agree', () => isDeepStrictEqual(inFiles(), inStore()))
})

test('each record is a living container’s, and each living container has one', () => {
  assert.ok(had().length > 10)
  assert.equal(records(), had())
})

test('when all containers have ended, every address of the pool is given again, and none twice', async () => {
  await byHost(empty)
  assert.equal(records(), [])
  // A busy etcd refuses one before the pool is full.
  await until(
    'no address is left',
    async () => {
      await byHost(fill)
      return had().length >= 253
    },
    300,
  )
  const given = had().map((one) => one.split(' ')[1])
  const all = Array.from({ length: 256 }, (_, at) => `10.1.0.${at}`).slice(2, -1)
  assert.equal(given.sort(), all.sort())
  assert.equal(records(), had())
  await hosts[0]?.poolsAreSound()
})

test.run()
