/** The deletion of a container's chain of host ports, and with the last one of what all containers share. */

import { type Deletion, jumps, type Plan, type Seen, type View, withJumps } from './iptables-chains.ts'
import { shared } from './portmap-iptables-rules.ts'

/** Which rules lead to the shared chains: the hook chains of table nat. */
const entries = {
  [shared.dnat]: ['PREROUTING', 'OUTPUT'],
  [shared.masquerade]: ['POSTROUTING'],
  [shared.mark]: [],
}

/** Deletes the chain; the shared ones too, if nothing else uses any of them. The reference leaves them for ever. */
export function withoutContainer(chain: string): Plan {
  return <R extends Seen>(view: View<R>) => {
    const own = withJumps(view, chain, shared.dnat)
    return own.chains.length > 0 && isLast(view, chain) ? withShared(view, own) : own
  }
}

function isLast<R extends Seen>(view: View<R>, chain: string): boolean {
  const others = view.rulesOf(shared.dnat).filter(({ leadsTo }) => leadsTo !== chain)
  return (
    others.length === 0 &&
    Object.entries(entries).every(([one, from]) => view.othersTo(one, [...from, chain]) === 0)
  )
}

function withShared<R extends Seen>(view: View<R>, own: Deletion<R>): Deletion<R> {
  const hooks = Object.entries(entries).flatMap(([chain, from]) =>
    from.flatMap((one) => jumps(view, chain, one)),
  )
  return {
    rules: [...own.rules, ...hooks],
    chains: [...own.chains, ...Object.keys(entries).filter((chain) => view.has(chain))],
  }
}
