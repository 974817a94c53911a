/** Host ports of containers, and what iptables has of them, for the tests of portmap's back ends. */

import type { Mapping, PortRules } from '../../shared/firewall/portmap-rules.ts'
import { command } from '../harness/command.ts'
import type { Netns } from '../harness/host.ts'
import { type Mirror, sourcesAt } from '../harness/traffic.ts'
import { type Container, cidrs } from './firewall-containers.ts'

/** Port 8080 of TCP and UDP, which leads to the mirror's. */
export const both: Mapping[] = (['tcp', 'udp'] as const).map((protocol) => ({
  protocol,
  hostPort: 8080,
  containerPort: 7000,
}))

/** Rules for each address of a container. */
export function rulesOf(
  { attachment, addresses }: Pick<Container, 'attachment' | 'addresses'>,
  changes: Partial<PortRules> = {},
): PortRules[] {
  const common = { attachment, mappings: both, snat: true, masqAll: false }
  return cidrs(...addresses).map((address) => ({ ...common, address, ...changes }))
}

/** What table nat has, of both families, without counters and hook chains. */
export function nat(kind: 'nft' | 'legacy' = 'nft'): string[] {
  return ['iptables', 'ip6tables'].flatMap((program) =>
    command(`${program}-${kind}-save`, '-t', 'nat')
      .split('\n')
      .filter((line) => /^(:(?!PREROUTING|INPUT|OUTPUT|POSTROUTING)|-A)/.test(line)),
  )
}

/** The source addresses that a mirror sees of a client at port 8080 of the host, over TCP and UDP. */
export function sees(mirror: Mirror, client: Netns | undefined, address: string): string[] {
  return sourcesAt(mirror, client, [address], 8080)
}
