/** Rules between the keys of a dhcp section. */

import type { Rule } from '../../config/rules.ts'
import { optionCode } from '../../dhcp/v4/options.ts'
import type { Complaint } from '../../error/error.ts'
import { isDomainName } from '../../ip/names.ts'
import type { DhcpConfig } from './config.ts'

export const dhcpRules: Rule<DhcpConfig>[] = [
  someFamily,
  usedKeys,
  realHostname,
  knownRequests,
  knownProvided,
  noneOfTheProtocol,
  someValue,
]

function someFamily({ ipam }: DhcpConfig): Complaint | undefined {
  if (ipam.ipv4 || ipam.ipv6 !== 'off') return undefined
  return {
    msg: 'ipam.ipv4 is false and ipam.ipv6 is "off": there is no address to ask for',
    hint: 'for a network without addresses leave ipam out',
  }
}

/** Keys of which DHCPv6 has nothing, and rapidCommit where no server is asked for an address. */
function unusedOf({ ipv4, ipv6, broadcast, ...ipam }: DhcpConfig['ipam']): string[] {
  if (ipv4) return []
  const of4 = (['request', 'provide', 'vendorClass'] as const).filter((key) => ipam[key] !== undefined)
  const leased = ipv6 === 'slaac' && ipam.rapidCommit ? ['rapidCommit'] : []
  return [...of4, ...(broadcast === 'auto' ? [] : ['broadcast']), ...leased]
}

function usedKeys({ ipam }: DhcpConfig): Complaint | undefined {
  const [key] = unusedOf(ipam)
  if (key === undefined) return undefined
  return {
    msg: `ipam.${key} has no effect: ipam.ipv4 is false, and ipam.ipv6 "${ipam.ipv6}" has no such thing`,
    hint: `remove ipam.${key}`,
  }
}

function realHostname({ ipam: { hostname } }: DhcpConfig): Complaint | undefined {
  const name = typeof hostname === 'object' ? hostname.value : hostname
  if (name === undefined || isDomainName(name)) return undefined
  return {
    msg: `ipam.hostname is ${JSON.stringify(name)}, must be a host name`,
    hint: 'write letters, digits and -, with dots between parts: web-1.example.com',
  }
}

const names = 'write its number from 1 to 254, or a name as host-name, user-class, vendor-class-identifier'

function knownRequests({ ipam: { request = [] } }: DhcpConfig): Complaint | undefined {
  const at = request.findIndex(({ option }) => option && optionCode(option) === undefined)
  if (at < 0) return undefined
  const option = JSON.stringify(request[at]?.option)
  return { msg: `ipam.request[${at}].option is ${option}, must be an option of DHCP`, hint: names }
}

function knownProvided({ ipam: { provide = [] } }: DhcpConfig): Complaint | undefined {
  const at = provide.findIndex(({ option }) => optionCode(option) === undefined)
  if (at < 0) return undefined
  const option = JSON.stringify(provide[at]?.option)
  return { msg: `ipam.provide[${at}].option is ${option}, must be an option of DHCP`, hint: names }
}

/** What only the exchange itself can say (RFC 2132 section 9): 50 to 55, 57, and 80, which is a key. */
function isOfTheProtocol(code = 0): boolean {
  return (code >= 50 && code <= 55) || code === 57 || code === 80
}

function noneOfTheProtocol({ ipam: { provide = [] } }: DhcpConfig): Complaint | undefined {
  const at = provide.findIndex(({ option }) => isOfTheProtocol(optionCode(option)))
  if (at < 0) return undefined
  const option = JSON.stringify(provide[at]?.option)
  return {
    msg: `ipam.provide[${at}].option is ${option}, which the exchange with the server has itself`,
    hint: 'remove it; what is asked for is in ipam.request, and RFC 4039 in ipam.rapidCommit',
  }
}

function someValue({ ipam: { provide = [] } }: DhcpConfig): Complaint | undefined {
  const at = provide.findIndex(({ value, fromArg }) => !value && !fromArg)
  if (at < 0) return undefined
  return {
    msg: `ipam.provide[${at}] has neither value nor fromArg: there is nothing to send`,
    hint: 'add a value, or name a key of CNI_ARGS in fromArg',
  }
}
