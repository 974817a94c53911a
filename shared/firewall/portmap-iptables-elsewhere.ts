/** Host ports in the chains of iptables, ours or the reference's, for an ADD by nftables. Runs iptables-save only where such chains are. */

import { chainUse } from '../netlink/nftables-read.ts'
import { findIptablesTraces, nat, type Trace } from './iptables-traces.ts'
import type { Refuse } from './portmap-iptables-holders.ts'
import { shared } from './portmap-iptables-rules.ts'
import type { PortRules } from './portmap-rules.ts'
import { netfilter } from './table.ts'

/** Removes chains of containers that have ended and still have one of the ports. @throws what `refuse` throws */
export async function clearElsewhere(rules: readonly PortRules[], refuse: Refuse): Promise<void> {
  const traces = (await findIptablesTraces(undefined, 'portmap')).filter(hasPorts)
  if (traces.length === 0) return
  const { clear } = await import('./portmap-iptables.ts')
  for (const { iptables } of traces)
    for (const one of rules) if (one.address.address.family === iptables.family) clear(iptables, one, refuse)
}

/** In iptables-legacy only its programs can look. */
function hasPorts({ iptables: { family, kind } }: Trace): boolean {
  return kind === 'legacy' || chainUse(netfilter(), nat(family), shared.dnat) !== undefined
}
