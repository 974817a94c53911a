/**
 * Host ports that are taken elsewhere than where an ADD adds its own: in the other back end, or by the reference; and those of live
 * attachments whose rules another program has flushed. A host that has none of these pays a look-up for each.
 */

import { CniError } from '../error/error.ts'
import type { Recorded } from '../state/former.ts'
import { isSameInterface } from '../state/former.ts'
import type { BackEnd } from './by-back-end.ts'
import { frameOf, hasFrame } from './portmap-frame.ts'
import type { Refuse } from './portmap-holders.ts'
import { clear, endFlushed, isFlushed } from './portmap-nftables.ts'
import { reapplyPortmap } from './portmap-reapply.ts'
import { isOver, kept, type PortmapRecord, rulesOf } from './portmap-record.ts'
import type { Mapping, PortRules } from './portmap-rules.ts'
import { owner } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

/** What a refusal needs: who has a port, in words. */
interface Holders {
  /** Of nftables: by an element's comment. */
  ofElement: Refuse
  /** Of iptables and of the reference. @returns if the container has ended; `stays` if it is the same one in another network */
  ofContainer(mapping: Mapping, holder: { network: string; containerID: string }): 'stays' | undefined
}

/**
 * Refuses ports that are taken elsewhere, and removes what containers that have ended still have of them.
 * @param backEnd asked for by the configuration
 * @throws what the callbacks throw
 */
export async function refuseElsewhere(
  attachment: Recorded,
  all: readonly PortRules[],
  backEnd: BackEnd | undefined,
  { ofElement, ofContainer }: Holders,
): Promise<void> {
  const rules = all.filter(({ conditions = [] }) => conditions.length === 0)
  if (rules.length === 0) return
  if (backEnd === 'iptables') unlessUnsupported(() => clear(rules.filter(isFramed), ofElement))
  else await (await import('./portmap-iptables-elsewhere.ts')).clearElsewhere(rules, ofContainer)
  const { portHolder } = await import('./reference-portmap.ts')
  for (const { address, mappings } of rules)
    for (const mapping of mappings) {
      const containerID = unlessUnsupported(() => portHolder(address.address.family, mapping))
      if (containerID !== undefined && containerID !== attachment.containerID)
        ofContainer(mapping, { network: '?', containerID })
    }
}

const isFramed = ({ address }: PortRules) => hasFrame(frameOf(address.address.family))

/**
 * Where another program has flushed our part of the table, adds what other live attachments had in it: their ports are taken again before
 * this one asks for any. What cannot be added, `patchbay reapply` names.
 */
export async function restoreFlushed(attachment: Recorded, rules: readonly PortRules[]): Promise<void> {
  if (unlessUnsupported(() => isFlushed(rules)) !== true) return
  const live = liveByNftables(attachment)
  for (const record of live)
    await reapplyPortmap(record).catch((error) => {
      if (!(error instanceof CniError)) throw error
    })
  unlessUnsupported(() => endFlushed([...rules, ...live.flatMap(rulesOf)]))
}

function liveByNftables(attachment: Recorded): PortmapRecord[] {
  return kept
    .all()
    .filter((one) => one.backend === 'nftables' && !isSameInterface(one, attachment) && !isOver(one))
}

/** Refuses ports that other live attachments have by their records. @throws what `refuse` throws */
export function refuseRecorded(attachment: Recorded, rules: readonly PortRules[], refuse: Refuse): void {
  for (const record of liveByNftables(attachment))
    for (const other of rulesOf(record))
      for (const one of rules) {
        const mapping = isOfFrame(one, other) && one.mappings.find((each) => hits(each, other.mappings))
        if (mapping) refuse(mapping, owner(record))
      }
}

function isOfFrame({ address }: PortRules, { address: other, conditions = [] }: PortRules): boolean {
  return address.address.family === other.address.family && conditions.length === 0
}

function hits(one: Mapping, others: readonly Mapping[]): boolean {
  return others.some(
    ({ protocol, hostPort, hostIP }) =>
      protocol === one.protocol &&
      hostPort === one.hostPort &&
      (!hostIP || !one.hostIP || hostIP.value === one.hostIP.value),
  )
}
