/** Rules between the keys of a dhcp section. */

import type { Rule } from '../../config/rules.ts'
import type { Complaint } from '../../error/error.ts'
import type { DhcpConfig } from './config.ts'

export const dhcpRules: Rule<DhcpConfig>[] = [someFamily]

function someFamily({ ipam }: DhcpConfig): Complaint | undefined {
  if (ipam.ipv4 || ipam.ipv6 !== 'off') return undefined
  return {
    msg: 'ipam.ipv4 is false and ipam.ipv6 is "off": there is no address to ask for',
    hint: 'for a network without addresses leave ipam out',
  }
}
