/** The configuration of firewall in a chain. The descriptions become the README's table and the JSON Schema. */

import { noRequests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import {
  describe,
  list,
  object,
  oneOf,
  optional,
  orObject,
  pattern,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'

const chain = object({
  table: describe(
    pattern('a family and the name of a table, such as "inet filter"', /^(inet|ip6?) [^\s"]{1,200}$/),
    'Family (`inet`, `ip` or `ip6`) and name of the table.',
  ),
  chain: describe(pattern('the name of a chain', /^[^\s"]{1,200}$/), 'The chain in it.'),
})

const shape = {
  ...noRequests,
  backend: describe(
    withDefault(oneOf('', 'nftables', 'iptables', 'firewalld'), ''),
    'Whose rules let containers through. Empty: nftables, or iptables where a chain of it drops what it does not accept.',
  ),
  iptablesAdminChainName: describe(
    withDefault(
      pattern('the name of a chain: at most 28 letters, digits, ".", "_" and "-"', /^(\w[\w.-]{0,27})?$/),
      'CNI-ADMIN',
    ),
    "A chain of iptables that is entered before the plugin's rules; others fill it. The plugin never empties it.",
  ),
  firewalldZone: describe(
    withDefault(pattern('the name of a zone of firewalld', /^[\w/-]{0,128}$/), 'trusted'),
    'The zone of firewalld that gets the addresses.',
  ),
  ingressPolicy: describe(
    withDefault(oneOf('', 'open', 'same-bridge', 'isolated'), 'open'),
    '`same-bridge`: nothing passes to a bridge of another network with a policy. `isolated`: nor between containers of the bridge.',
  ),
  acceptInto: describe(
    optional(orObject('a chain, or a list of chains', list(chain), chain)),
    "Chains of other programs' nftables tables that drop, as `{table, chain}`: they get rules that accept. An empty list silences the warning.",
  ),
  hostIngress: describe(
    optional(oneOf('allow')),
    '`allow`: containers reach the host where INPUT of iptables drops, or a chain of `acceptInto` with the hook input.',
  ),
}

export type FirewallConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleAdminChain] })

/** The chains of the table filter, and the targets that are no chains. */
const reserved = [
  ...['INPUT', 'FORWARD', 'OUTPUT', 'ACCEPT', 'DROP', 'REJECT', 'RETURN', 'QUEUE', 'NFQUEUE', 'LOG', 'MARK'],
  ...['CNI-FORWARD', 'CNI-ISOLATION-STAGE-1', 'CNI-ISOLATION-STAGE-2', 'PATCHBAY-INPUT'],
]

function possibleAdminChain({ iptablesAdminChainName: name }: FirewallConfig): Complaint | undefined {
  if (!reserved.includes(name)) return undefined
  return {
    msg: `iptablesAdminChainName is ${name}, which is a chain or target of another use`,
    hint: 'use another name, or leave it out for CNI-ADMIN',
  }
}
