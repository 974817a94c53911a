/** Compares this host's files with the store. */

import { formatAddress } from '../../shared/ip/address.ts'
import type { HeldBlock } from '../../shared/store/memory.ts'
import { type HeldHere, type Holding, isHeld } from '../host/holdings.ts'
import type { Claimed, Contents } from './contents.ts'
import type { Finding } from './finding.ts'

/** @param host this host's name in the store */
export function findingsHere(here: HeldHere, contents: Contents, host: string): Finding[] {
  const byBlock = new Map(contents.blocks.map((one) => [`${one.pool} ${one.block}`, one]))
  const ofStore = here.networks.filter(
    ({ holdings }) => contents.epoch === undefined || holdings.store === contents.epoch.store,
  )
  return [
    ...here.damaged.map(damagedFile),
    ...stranger(here, contents, host),
    ...ofStore.flatMap((one) => [
      ...formerPool(one, contents),
      ...one.holdings.blocks.flatMap((block) => compare(one, block, byBlock)),
      ...lostSingles(one, contents),
      ...unheld(one),
    ]),
    ...forgotten(ofStore, contents, here),
  ]
}

function damagedFile({ file, why }: HeldHere['damaged'][number]): Finding {
  return {
    kind: 'damaged-file',
    subject: file,
    means: `it is not used: ${why}`,
    mend: file.endsWith('/host.json')
      ? 'the next claim gives this host a new ID: then patchbay pool release --host, when its containers have ended'
      : `mv ${file} ${file}.damaged: the next ADD asks the store what the network holds`,
  }
}

/** The store has another ID under this host's name. */
function stranger({ memory, networks, damaged }: HeldHere, { hosts }: Contents, host: string): Finding[] {
  const known = hosts.get(host)
  // Without its own file a host has the ID of its networks' files, or none yet: its first claim makes one, and is refused.
  const own = memory?.id ?? networks[0]?.holdings.id
  if (!known || known.id === own || (!own && damaged.length > 0)) return []
  return [
    {
      kind: 'unknown-host',
      subject: host,
      means: `the store has a host of this name with another ID: ${known.id}, not ${own ?? 'one of this host, which has none yet'}`,
      mend: `if the other one is this host before it was installed anew: patchbay pool release --host ${host}; if it lives, give this one another name: "host" in store.json`,
    },
  ]
}

function formerPool({ file, holdings: { pool, definition } }: Holding, { pools }: Contents): Finding[] {
  const now = pools.get(pool)
  if (!now || now.id === definition.id) return []
  return [
    {
      kind: 'former-pool',
      subject: file,
      means: `the pool ${pool} was deleted and made anew: what the network holds is of the former one`,
      mend: "end the network's containers, and start them again",
    },
  ]
}

function compare(
  { file, holdings: { pool, network, id } }: Holding,
  { block, state }: HeldBlock,
  byBlock: ReadonlyMap<string, Claimed>,
): Finding[] {
  const subject = `${pool} ${block}`
  const found = byBlock.get(subject)
  if (state === 'claiming' || state === 'leaving')
    return [
      {
        kind: 'pending',
        subject,
        means: `${file} has it as ${state}: etcd has not answered yet`,
        mend: 'nothing: the next claim or the agent asks again',
      },
    ]
  if (state === 'held' && found && found.id === id && found.network === network) return []
  if (found && found.id !== id)
    return [
      {
        kind: 'disputed',
        subject,
        means: `network ${network} here and ${found.host} have it: no new address is given from it here`,
        mend: `end the containers of network ${network} that have its addresses, and start them again`,
      },
    ]
  return [
    {
      kind: state === 'disputed' ? 'disputed' : 'lost',
      subject,
      means: found
        ? `${file} has it, and the store has it for network ${found.network}`
        : `${file} has it, and the store does not: etcd was restored, or this host was released`,
      mend: 'patchbay agent, or the next claim of this host, claims it once more',
    },
  ]
}

/** Addresses in blocks of other hosts that the store does not grant any more: their owners may give them to others. */
function lostSingles({ file, holdings: { pool, id, singles } }: Holding, contents: Contents): Finding[] {
  const granted = new Set(
    contents.singles
      .filter((one) => one.pool === pool && one.id === id && one.state === 'granted')
      .map(({ address }) => address),
  )
  return singles
    .filter(({ state, address }) => state === 'held' && !granted.has(address))
    .map(({ address }) => ({
      kind: 'lost',
      subject: `${pool} ${address}`,
      means: `${file} has the address, and the store does not grant it: the owner of its block may give it to another container`,
      mend: 'end the container that has it, and start it again',
    }))
}

/** Reserved addresses of the network that another host may give. */
function unheld(holding: Holding): Finding[] {
  return holding.taken
    .filter((address) => !isHeld(holding, address))
    .map((address) => ({
      kind: 'unheld-address',
      subject: `${holding.directory}/${formatAddress(address)}`,
      means: 'it is reserved, and no block of the network has it: another host may give the address',
      mend: 'end the container that has it: patchbay ipam show',
    }))
}

/** Blocks of this host in the store of which no file says so. */
function forgotten(networks: readonly Holding[], { blocks }: Contents, { memory }: HeldHere): Finding[] {
  const known = new Set(
    networks.flatMap(({ holdings: { pool, network, blocks } }) =>
      blocks.map(({ block }) => `${pool} ${network} ${block}`),
    ),
  )
  return blocks
    .filter(({ id, pool, network, block }) => id === memory?.id && !known.has(`${pool} ${network} ${block}`))
    .map(({ pool, network, block }) => ({
      kind: 'forgotten',
      subject: `${pool} ${block}`,
      means: `the store has it for network ${network} of this host, and no file here does`,
      mend: 'the next claim of the network takes it: patchbay agent, or an ADD',
    }))
}
