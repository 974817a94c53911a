/** What a configuration asks for, with the reference's defaults: an empty text is none. Of a DEL, any key may be missing. */

import type { Request } from '../../shared/cni/plugin.ts'
import type { Passage } from '../../shared/firewall/closed-chains.ts'
import { type Decision, decide } from '../../shared/firewall/decision.ts'
import {
  defaultAdminChain,
  defaultZone,
  type Filter,
  type ForeignChain,
} from '../../shared/firewall/filter-record.ts'
import { obstacles } from '../../shared/firewall/obstacles.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import type { FirewallConfig } from './config.ts'

/** All of a filter but the attachment, its addresses and its side of the host. */
export function wishesOf(config: Partial<FirewallConfig>) {
  const { backend, iptablesAdminChainName, firewalldZone, ingressPolicy, hostIngress } = config
  return {
    backEnd: backend || 'nftables',
    adminChain: iptablesAdminChainName || defaultAdminChain,
    zone: firewalldZone || defaultZone,
    policy: ingressPolicy || 'open',
    hostIngress: hostIngress === 'allow',
    acceptInto: chainsOf(config),
  } satisfies Partial<Filter>
}

/** The chains of `acceptInto`, each once. */
function chainsOf({ acceptInto = [] }: Partial<FirewallConfig>): ForeignChain[] {
  const chains = Array.isArray(acceptInto) ? acceptInto : [acceptInto]
  const distinct = new Map(chains.map((one) => [`${one.table} ${one.chain}`, one]))
  return [...distinct.values()].map(({ table, chain }) => {
    const [family, name = ''] = table.split(' ')
    return { family: family as ForeignChain['family'], table: name, chain }
  })
}

/** Where packets must pass. */
function passagesOf({ hostIngress }: Partial<FirewallConfig>): Passage[] {
  return hostIngress ? ['FORWARD', 'INPUT'] : ['FORWARD']
}

/** Which back end a network uses on this host, now. */
export function decisionFor(config: FirewallConfig): Decision {
  return decide(config.backend || undefined, passagesOf(config))
}

/** Warns of chains that drop what the network's containers send, unless `acceptInto` is an empty list. */
export function warnOfObstacles(
  { config, log }: Request<FirewallConfig>,
  { acceptInto, addresses }: Pick<Filter, 'acceptInto' | 'addresses'>,
  decision: Decision,
): void {
  if (config.acceptInto && acceptInto.length === 0) return
  const families = addresses.flatMap((text) => parseAddress(text)?.family ?? [])
  const way = { backEnd: decision.backEnd, acceptInto, families }
  for (const sentence of obstacles(way, decision, passagesOf(config))) log.warn(sentence)
}
