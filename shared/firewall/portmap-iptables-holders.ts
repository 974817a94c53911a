/** Host ports that other containers have taken in iptables: their rules, and whose they are by the comments. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { formatAddress, parseAddress } from '../ip/address.ts'
import { viewOf } from './iptables-chains.ts'
import { portChain, shared } from './portmap-iptables-rules.ts'
import { hostPortOf, type Mapping, type PortRules } from './portmap-rules.ts'

/** The container that has a port: its interface is not noted. */
export type Holder = Omit<Attachment, 'ifname'>

/**
 * Called with a port, and with the container that has it. Returns if that container has ended, or with `stays` if it is the same one in
 * another network: the rules of both stay. @throws CniError
 */
export type Refuse = (mapping: Mapping, holder: Holder) => 'stays' | undefined

/** @throws CniError that names the container */
export function refuseTaken(mapping: Mapping, { network, containerID }: Holder): never {
  throw new CniError(Code.Internal, {
    msg: `host port ${hostPortOf(mapping)} is taken by container ${containerID} of network ${network}`,
    hint: 'give this container another host port, or end the other one',
    see: `iptables-save -t nat | grep -F ${containerID}`,
  })
}

/**
 * The chains of containers that have ended but still have ports of an attachment.
 * @param saved what `iptables-save` printed
 * @throws what `refuse` throws
 */
export function chainsInTheWay(saved: string[], rules: PortRules, refuse: Refuse): string[] {
  const own = portChain(rules.attachment)
  const entrances = viewOf(saved).rulesOf(shared.dnat)
  const mappings = rules.mappings.filter(
    ({ hostIP }) => !hostIP || hostIP.family === rules.address.address.family,
  )
  const inTheWay = saved.flatMap((line) => {
    const taken = parseTranslation(line)
    const hit = taken && taken.chain !== own && mappings.find((mapping) => overlap(taken, mapping))
    const entrance = hit && entrances.find(({ leadsTo }) => leadsTo === taken.chain)
    if (!hit || !entrance) return []
    return refuse(hit, holderOf(entrance.line)) === 'stays' ? [] : [taken.chain]
  })
  return [...new Set(inTheWay)]
}

type Taken = Pick<Mapping, 'protocol' | 'hostPort' | 'hostIP'>

/** The chain of a container and the port that a rule in it translates; undefined when it is another rule. */
function parseTranslation(line: string): (Taken & { chain: string }) | undefined {
  if (!line.startsWith('-A CNI-DN-') || !line.includes(' -j DNAT ')) return undefined
  const [, chain = ''] = /^-A (\S+) /.exec(line) ?? []
  const [, protocol] = / -p (tcp|udp|sctp) /.exec(line) ?? []
  const [, port] = / --dport (\d+) /.exec(line) ?? []
  if (!protocol || !port) return undefined
  const [, only = ''] = / -d ([0-9a-f.:]+)/.exec(line) ?? []
  const hostIP = parseAddress(only)
  return {
    chain,
    protocol: protocol as Mapping['protocol'],
    hostPort: Number(port),
    ...(hostIP && { hostIP }),
  }
}

/** A port at all addresses overlaps with the same one at any address. */
function overlap(one: Taken, other: Taken): boolean {
  if (one.protocol !== other.protocol || one.hostPort !== other.hostPort) return false
  const [first, second] = [addressOf(one), addressOf(other)]
  return !first || !second || first === second
}

function addressOf({ hostIP }: Taken): string | undefined {
  return hostIP && hostIP.value !== 0n ? formatAddress(hostIP) : undefined
}

/** The container in the comment of a rule, as `iptables-save` prints it; a long comment was cut. */
function holderOf(line: string): Holder {
  const [, network = '?', containerID = '?'] = /dnat name: \\"(.*?)\\" id: \\"([^"\\]*)/.exec(line) ?? []
  return { network, containerID }
}
