/** All rules of the host as lines, in an order of their own: the kernel's order of elements is random, that of rules follows from the ADDs. */

import { command } from '../harness/command.ts'
import { ruleset } from './firewall-containers.ts'

/** The tables of iptables-nft: nft shows what only iptables can express as nothing. */
const ofIptables = ['filter', 'nat', 'raw', 'mangle', 'security']

/** nftables, and both families of iptables. */
export function rules(): string[] {
  return [...ofNftables(), ...ofPrograms()].sort()
}

function ofNftables(): string[] {
  const inOrder = (_: string, value: unknown) =>
    Array.isArray(value) ? value.map((one) => JSON.stringify(one)).sort() : value
  return ruleset()
    .filter((item) => !isOfIptables(Object.values(item)[0] ?? {}))
    .map((item) => JSON.stringify(item, inOrder))
}

function isOfIptables({ family, table, name }: Record<string, unknown>): boolean {
  return family !== 'inet' && ofIptables.includes(String(table ?? name))
}

/** Tables and built-in chains stay when all rules are gone. */
function ofPrograms(): string[] {
  return command('sh', '-c', 'iptables-save; ip6tables-save | sed "s/^/6 /"')
    .split('\n')
    .filter((line) => /^(6 )?(-A|:(?!PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING))/.test(line))
}
