/** Compares what the store has with itself. */

import { parseAddress } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { includes } from '../../shared/ipam/range.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import { compared } from '../form/sort.ts'
import type { Asked, Claimed, Contents } from './contents.ts'
import type { Finding } from './finding.ts'
import { boundsOf, hasBlock, type Part, partsIn } from './geometry.ts'

/** Milliseconds. ADD waits five seconds for an address of another host; clocks may be wrong by minutes. */
const patience = 600_000

/** @param now milliseconds since the epoch */
export function findingsIn(contents: Contents, now: number): Finding[] {
  const { pools, blocks, singles } = contents
  const parts = new Map([...pools].map(([name, definition]) => [name, partsIn(definition)]))
  return [
    ...contents.bad.map(badValue),
    ...epochFindings(contents),
    ...blocks.flatMap((one) => [...unknownPool(one, pools), ...outside(one, parts)]),
    ...singles.flatMap((one) => unknownPool(one, pools)),
    ...unknownHosts(contents),
    ...overlapping(blocks),
    ...singles.flatMap((one) => [...unanswered(one, now), ...ownerless(one, blocks)]),
  ]
}

function badValue({ key, why }: Contents['bad'][number]): Finding {
  return {
    kind: 'bad-value',
    subject: key,
    means: `it is left out: ${why}`,
    mend: 'look at the key with etcdctl get, and find what writes it; a key that no host needs is removed with etcdctl del',
  }
}

/** Without an epoch no host has claimed yet. */
function epochFindings({ epoch, hosts, blocks }: Contents): Finding[] {
  if (!epoch) return blocks.length > 0 ? [noEpoch] : []
  const late = [...hosts].filter(([, host]) => host.epoch !== epoch.id).map(([name]) => name)
  return [...(epoch.state === 'closed' ? [closed(late.length)] : []), ...late.map(unconfirmed)]
}

const noEpoch: Finding = {
  kind: 'bad-value',
  subject: 'epoch',
  means: 'the key is missing, and blocks are claimed: it was removed, or is not valid',
  mend: 'restore etcd from a backup, then patchbay pool recover',
}

function closed(late: number): Finding {
  return {
    kind: 'closed',
    subject: 'epoch',
    means: `etcd was restored, and no host claims blocks: ${late} hosts have not confirmed what they hold`,
    mend: late > 0 ? 'patchbay pool recover shows which hosts' : 'patchbay pool recover --open',
  }
}

function unconfirmed(name: string): Finding {
  return {
    kind: 'unconfirmed',
    subject: name,
    means: 'the host has not confirmed since etcd was restored which blocks it holds',
    mend: `start patchbay agent there; if the host is gone for ever: patchbay pool release --host ${name}`,
  }
}

function unknownPool(
  { pool, key }: Pick<Claimed, 'pool' | 'key'>,
  pools: ReadonlyMap<string, PoolDefinition>,
): Finding[] {
  if (pools.has(pool)) return []
  return [
    {
      kind: 'unknown-pool',
      subject: key,
      means: `there is no pool ${pool}`,
      mend: `create it with the same ranges: patchbay pool create ${pool} --range …; or end the network's containers`,
    },
  ]
}

function outside({ pool, cidr, host }: Claimed, parts: ReadonlyMap<string, readonly Part[]>): Finding[] {
  const own = parts.get(pool)
  if (!own || hasBlock(own, cidr)) return []
  return [
    {
      kind: 'outside',
      subject: `${pool} ${formatCidr(cidr)}`,
      means: `${host} holds it, and it is no block of the pool's ranges: no new address is given from it`,
      mend: `it goes back when its last container ends; or take the range in again: patchbay pool change ${pool} --range …`,
    },
  ]
}

/** One finding for each host, however many blocks it has. */
function unknownHosts({ blocks, singles, hosts }: Contents): Finding[] {
  // A host that was renamed keeps addresses that it was granted under its earlier name.
  const known = new Set([...hosts.values()].map(({ id }) => id))
  const strangers = [...blocks, ...singles].filter(({ id }) => !known.has(id))
  return [...Map.groupBy(strangers, ({ host }) => host)].map(([host, own]) => ({
    kind: 'unknown-host',
    subject: host,
    means: hosts.has(host)
      ? `${own.length} keys are of another host of this name, or of this one before it was installed anew`
      : `${own.length} keys are of it, and it is not registered`,
    mend: `patchbay pool release --host ${host}${hosts.has(host) ? ' --earlier' : ''}, when no container of it lives`,
  }))
}

/** Neighbours in the order of addresses are compared: a block that overlaps with any overlaps with the next, or the last that reached further. */
function overlapping(blocks: readonly Claimed[]): Finding[] {
  const sorted = blocks
    .map((block) => ({ block, ...boundsOf(block.cidr) }))
    .sort(
      (one, other) => one.start.family - other.start.family || compared(one.start.value, other.start.value),
    )
  const found: Finding[] = []
  let widest: (typeof sorted)[number] | undefined
  for (const one of sorted) {
    if (widest && includes(widest, one.start)) found.push(overlap(widest.block, one.block))
    if (!widest || widest.end.family !== one.end.family || one.end.value > widest.end.value) widest = one
  }
  return found
}

function overlap(one: Claimed, other: Claimed): Finding {
  const named = ({ pool, cidr, host, network }: Claimed) =>
    `${pool} ${formatCidr(cidr)} of ${host}, network ${network}`
  return {
    kind: 'overlapping',
    subject: named(one),
    means: `${named(other)} has the same addresses: two containers may get one`,
    mend: `end the containers of one of the networks; its blocks go back. Pools must not share addresses: patchbay pool ls`,
  }
}

function unanswered({ key, state, since, owner }: Asked, now: number): Finding[] {
  const isLong = now - Date.parse(since) >= patience
  if (state !== 'asked' || !isLong) return []
  return [
    {
      kind: 'unanswered',
      subject: key,
      means: `${owner} was asked for the address at ${since}, and has not answered`,
      mend: `start patchbay agent on ${owner}; if nothing waits for it any more: etcdctl del ${key}`,
    },
  ]
}

function ownerless({ pool, address, owner, key }: Asked, blocks: readonly Claimed[]): Finding[] {
  const around = blocks.find((block) => block.pool === pool && holds(block, address))
  if (around?.host === owner) return []
  return [
    {
      kind: 'ownerless',
      subject: key,
      means: around
        ? `it was asked of ${owner}, and the block is ${around.host}'s`
        : `it was asked of ${owner}, and no host holds the block`,
      mend: 'end the container that has the address, and start it again',
    },
  ]
}

function holds({ cidr }: Claimed, address: string): boolean {
  const one = parseAddress(address)
  return one !== undefined && includes(boundsOf(cidr), one)
}
