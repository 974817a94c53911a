/** iptables of both kinds, nft and legacy: their rules hold side by side, and each of their programs shows its own only. */

import { filterTable, isMixed } from '../../../shared/firewall/closed-chains.ts'
import { netfilter } from '../../../shared/firewall/table.ts'
import { unlessUnsupported } from '../../../shared/firewall/unsupported.ts'
import { type Family, families } from '../../../shared/ip/address.ts'
import { findChain } from '../../../shared/netlink/nftables-chains.ts'
import { listRules, tableUse } from '../../../shared/netlink/nftables-read.ts'
import type { Fault, Finding } from '../frame/fault.ts'

export const mixedIptables: Fault = {
  id: 'iptables-mixed',
  title: 'iptables of both kinds have rules',
  severity: 'warning',
  before: true,
  look: () => families.filter((family) => isMixed(family) && hasNftRules(family)).map(mixed),
}

const builtIn = ['INPUT', 'FORWARD', 'OUTPUT']

/** Whether the table of iptables-nft has more than empty chains: listing rules makes it with these. */
function hasNftRules(family: Family): boolean {
  const table = filterTable(family)
  const found = unlessUnsupported(() => {
    const hasRules = (name: string) =>
      findChain(netfilter(), table, name)?.drops === true || listRules(netfilter(), table, name).length > 0
    return (tableUse(netfilter(), table) ?? 0) > builtIn.length || builtIn.some(hasRules)
  })
  return found === true
}

/** The rules are added to those of iptables-nft, and those of iptables-legacy removed. */
function mixed(family: Family): Finding {
  const program = family === 4 ? 'iptables' : 'ip6tables'
  const names = `/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`
  return {
    subject: program,
    cause: `${program}-nft and ${program}-legacy both have rules: a packet passes only if both accept it, and each program shows its own only`,
    evidence: ['legacy', 'nft'].map((kind) => ({
      where: `${program}-${kind}-save -t filter`,
      value: 'has rules',
    })),
    mend: [
      `${program}-legacy-save | ${program}-nft-restore --noflush`,
      `for t in $(cat ${names}); do ${program}-legacy -t $t -F; ${program}-legacy -t $t -X; done`,
      `for c in ${builtIn.join(' ')}; do ${program}-legacy -P $c ACCEPT; done`,
    ],
  }
}
