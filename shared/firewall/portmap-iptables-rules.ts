/** Host ports as rules of iptables, in the layout of the Go reference (plugins/meta/portmap/portmap_iptables.go). */

import type { Attachment } from '../cni/plugin.ts'
import { type Address, formatAddress } from '../ip/address.ts'
import { formatCidr, subnetOf } from '../ip/subnet.ts'
import { quoted } from './iptables-words.ts'
import type { Mapping, PortRules } from './portmap-rules.ts'
import { chainName, portComment } from './reference-names.ts'

/** Chains that all containers share. */
export const shared = {
  dnat: 'CNI-HOSTPORT-DNAT',
  mark: 'CNI-HOSTPORT-SETMARK',
  masquerade: 'CNI-HOSTPORT-MASQ',
} as const

/** Ports of one rule: XT_MULTI_PORTS, include/uapi/linux/netfilter/xt_multiport.h. */
const portsTogether = 15

/** The chain of a container's host ports. */
export function portChain(attachment: Omit<Attachment, 'ifname'>): string {
  return chainName(attachment, 'DN-')
}

/** A rule: its chain, and its specification as iptables reads it. */
export interface Line {
  chain: string
  words: string
}

/**
 * The first rule of a container's chain: a connection to ::1 is refused at once, since the kernel routes no answer to ::1. The reference
 * has none, and its CHECK and DEL do not mind it (1.9.1); CHECK does not ask for it, as the reference may have made the chain.
 */
export function notToOne({ attachment, address }: PortRules): Line[] {
  return address.address.family === 6 ? [{ chain: portChain(attachment), words: '-d ::1/128 -j RETURN' }] : []
}

/** The rules in a container's chain: those that mark come before that which translates. */
export function chainRules(rules: PortRules): Line[] {
  const chain = portChain(rules.attachment)
  return rules.mappings
    .filter(({ hostIP }) => !hostIP || hostIP.family === rules.address.address.family)
    .flatMap((mapping) => mappingRules(rules, mapping))
    .map((words) => ({ chain, words }))
}

function mappingRules(rules: PortRules, { protocol, hostPort, containerPort, hostIP }: Mapping): string[] {
  const only = hostIP && hostIP.value !== 0n ? ` -d ${formatAddress(hostIP)}` : ''
  const base = `-p ${protocol} --dport ${hostPort}${only}`
  const target = `${bracketed(rules.address.address)}:${containerPort}`
  const marked = markedSources(rules).map(
    (source) => `${base} -s ${source} -j ${quoted(rules.externalSetMarkChain ?? shared.mark)}`,
  )
  return [...marked, `${base} -j DNAT --to-destination ${target}`]
}

/** Whose packets are marked to be masqueraded. */
function markedSources({ snat, masqAll, address }: PortRules): string[] {
  const isIPv4 = address.address.family === 4
  if (!snat) return []
  if (masqAll) return [isIPv4 ? '0.0.0.0/0' : '::/0']
  return [formatCidr(subnetOf(address)), ...(isIPv4 ? ['127.0.0.1'] : [])]
}

function bracketed(address: Address): string {
  return address.family === 6 ? `[${formatAddress(address)}]` : formatAddress(address)
}

/** Ports of one rule that leads to a container's chain. */
export interface PortList {
  protocol: string
  ports: number[]
}

/** The ports of a container, as many in a list as a rule takes. */
export function portLists(mappings: Mapping[]): PortList[] {
  const protocols = [...new Set(mappings.map(({ protocol }) => protocol))].sort()
  return protocols.flatMap((protocol) => {
    const own = mappings.filter((mapping) => mapping.protocol === protocol).map(({ hostPort }) => hostPort)
    const count = Math.ceil(own.length / portsTogether)
    return Array.from({ length: count }, (_, index) => ({
      protocol,
      ports: own.slice(index * portsTogether, (index + 1) * portsTogether),
    }))
  })
}

/** The rules that lead to a container's chain. */
export function entrances({ attachment, conditions = [] }: PortRules, lists: PortList[]): Line[] {
  const comment = JSON.stringify(portComment(attachment))
  const further = conditions.map((word) => ` ${quoted(word)}`).join('')
  return lists.map(({ protocol, ports }) => ({
    chain: shared.dnat,
    words: `-m comment --comment ${comment} -m multiport -p ${protocol} --destination-ports ${ports.join(',')}${further} -j ${portChain(attachment)}`,
  }))
}

/** The ports in a rule that `iptables-save` printed. */
export function parsePortList(line: string): PortList {
  const [, protocol = ''] = / -p (\S+) /.exec(line) ?? []
  const [, ports = ''] = / --dports ([\d,]+) /.exec(line) ?? []
  return { protocol, ports: ports.split(',').map(Number) }
}

/** The rules by which packets to the host's own addresses come to all containers' chains. */
export const hooks: Line[] = ['PREROUTING', 'OUTPUT'].map((chain) => ({
  chain,
  words: `-m addrtype --dst-type LOCAL -j ${shared.dnat}`,
}))

/** The rule that masquerades comes first in POSTROUTING, before those of `ipMasq`. */
export const masqueradeHook: Line = {
  chain: 'POSTROUTING',
  words: `-m comment --comment "CNI portfwd requiring masquerade" -j ${shared.masquerade}`,
}

/** Whether packets are marked in our own chain. */
export function usesMark({ snat, externalSetMarkChain }: PortRules): boolean {
  return snat && externalSetMarkChain === undefined
}

/** The rules that set the mark, and masquerade what has it. */
export function markRules({ markMasqBit = 13 }: PortRules): Line[] {
  const bit = `0x${(2 ** markMasqBit).toString(16)}`
  return [
    {
      chain: shared.mark,
      words: `-m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark ${bit}/${bit}`,
    },
    { chain: shared.masquerade, words: `-m mark --mark ${bit}/${bit} -j MASQUERADE` },
  ]
}
