/** etcd is restored from an old backup, and its disk is full: hosts go on with what they hold, and nothing is given twice. */
// needs: nft bridge
// etcd: 3.4, 3.5

import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost } from '../harness/cluster-host.ts'
import type { Etcd } from '../harness/etcd.ts'
import { fillDisk } from '../harness/etcd-plan.ts'
import { newFleet } from '../harness/fleet.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

/** Addresses alone: the plugin of the `ipam` section is called itself. Blocks have few of them. */
const network = { name: 'green', type: 'pool', ipam: { type: 'pool', pool: 'green' } }
const create = 'pool create green --range 10.9.0.0/24 --block-size 30'

const cluster = await newCluster({ hosts: 3, etcd: { version: '3.5', members: 3 } })
const [one, two, three] = cluster.hosts as [ClusterHost, ClusterHost, ClusterHost]
const newest = cluster.etcd
let fleet = newFleet(() => network)

async function fill(host: ClusterHost, count: number): Promise<void> {
  for (let adds = 0; adds < count; adds++) await fleet.add(host)
}

/** ADDs until one is refused: the blocks at hand are used up. @returns why */
async function refusalAt(host: ClusterHost, add = fleet.add): Promise<string> {
  for (let adds = 0; adds < 12; adds++) {
    const refusal = await add(host).then(() => undefined, String)
    if (refusal) return refusal
  }
  return 'none of twelve ADDs was refused'
}

function blocksIn({ etcdctl }: Etcd): string[] {
  return etcdctl('get', '--prefix', '--keys-only', '/patchbay/blocks/').split('\n').filter(Boolean)
}

async function restored(etcd: Etcd): Promise<void> {
  one.patchbay(create)
  await fill(one, 3)
  const backup = `${scratch}/backup-${etcd.endpoints.length}`
  etcd.snapshot(backup)
  await fill(one, 6)
  await fill(two, 6)
  const claimed = blocksIn(etcd)
  await etcd.restore(backup)
  assert.ok(blocksIn(etcd).length < claimed.length)
  for (const host of cluster.hosts) assert.match(await refusalAt(host), /"code":11.*restored/)
  assert.equal(
    blocksIn(etcd).filter((key) => claimed.includes(key)),
    claimed,
  )
  assert.match(one.patchbay('pool check', 1), 'pool recover')
  one.patchbay('pool recover --open')
  await fill(three, 6)
  await fill(one, 4)
  await one.poolsAreSound()
}

test('etcd 3.5 is restored: blocks claimed since are claimed again, and the operator opens the pool', () =>
  restored(newest))

test('the data reach the quota: an ADD that needs a block says so, and works when there is room', async () => {
  const { etcdctl, ...etcd } = await renewed({ version: '3.5', quotaBytes: 8_000_000 })
  one.patchbay(create)
  await fill(one, 1)
  let key = 0
  await until(
    'the quota is reached',
    () => {
      put(etcdctl, `${key++}`)
      return etcdctl('alarm', 'list').includes('NOSPACE')
    },
    300,
  )
  assert.match(await refusalAt(one), /"code":11.*(quota|space)/)
  etcdctl('del', '--prefix', '/filling/')
  etcd.compact()
  etcdctl('defrag')
  etcdctl('alarm', 'disarm')
  await fill(one, 4)
  await etcd.end()
})

test('the disk of etcd 3.4 is full: ADD says that it is away, and works when there is room', async () => {
  const etcd = await renewed({ version: '3.4', diskBytes: 180_000_000 })
  const [member] = etcd.members
  assert.ok(member)
  one.patchbay(create)
  const free = fillDisk(member)
  await until('etcd ends', () => {
    if (member.answers()) put(etcd.etcdctl, 'a')
    return !member.answers()
  })
  assert.match(await refusalAt(one, fleet.addOnce), /"code":11.*etcd/)
  free()
  member.start()
  await member.ready()
  await fill(one, 4)
  await etcd.end()
})

test('etcd 3.4 is restored: the same', async () => restored(await renewed({ version: '3.4' })))

/** All hosts are new at a new store. */
async function renewed(options: Parameters<typeof cluster.newStore>[0]): Promise<Etcd> {
  for (const { wipe } of cluster.hosts) wipe()
  fleet = newFleet(() => network)
  return cluster.newStore(options)
}

/** Writes what does not belong to Patchbay; it may be refused. */
function put(etcdctl: Etcd['etcdctl'], key: string): void {
  try {
    etcdctl('--command-timeout=1s', 'put', `/filling/${key}`, 'x'.repeat(100_000))
  } catch {}
}

test.run()
