/** The options of the container's own VLAN: made and checked. */

import { broken, mismatch } from '../../shared/attachment/broken.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type PriorityMap, parseVlan, type VlanOptions } from '../../shared/netlink/vlan.ts'
import type { VlanConfig } from './config.ts'
import { tagsOf } from './tags.ts'

/** The VLAN options of a configuration. */
export function optionsOf(config: VlanConfig): Required<VlanOptions> {
  const { reorder, gvrp, mvrp, looseBinding, ingressPriorities, egressPriorities } = config
  const { inner } = tagsOf(config)
  const [ingress, egress] = [toMap(ingressPriorities), toMap(egressPriorities)]
  return { ...inner, reorder, gvrp, mvrp, looseBinding, ingress, egress }
}

function toMap(priorities: Record<string, number> = {}): PriorityMap {
  return new Map(Object.entries(priorities).map(([from, to]) => [Number(from), to]))
}

/** @throws CniError naming the first option that is not as configured */
export function checkOptions(link: Link, wanted: Required<VlanOptions>, see: string): void {
  const actual = parseVlan(link.data ?? Buffer.alloc(0))
  for (const key of Object.keys(wanted) as (keyof VlanOptions)[]) {
    const [is, should] = [comparable(actual[key]), comparable(wanted[key])]
    if (is !== should) throw broken(mismatch(link.name, key, is, should), { see })
  }
}

/** An option as text to compare and to print. The kernel does not list priorities that map to 0. */
function comparable(value: VlanOptions[keyof VlanOptions]): unknown {
  if (!(value instanceof Map)) return value
  const entries = [...value].filter(([, to]) => to !== 0).sort(([one], [other]) => one - other)
  return entries.map(([from, to]) => `${from}:${to}`).join(' ') || 'none'
}
