/** Rules across the keys of a VXLAN network. */

import type { Complaint } from '../../shared/error/error.ts'
import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { isMulticast } from '../../shared/ip/host.ts'
import type { VniEntry, VxlanConfig } from './config.ts'

/** A VTEP has one VNI, or in external mode a filter of several. */
export function oneNetwork({ vni, vniFilter }: VxlanConfig): Complaint | undefined {
  if (vni === undefined && vniFilter === undefined)
    return { msg: 'vni is missing, must be a whole number from 0 to 16777215', hint: 'set it: "vni": 100' }
  if (vni === undefined || vniFilter === undefined) return undefined
  return {
    msg: 'vni and vniFilter cannot be set together: a VTEP with one VNI accepts no other',
    hint: 'take one of them out',
  }
}

/** The addresses of the underlay by their keys. */
function addresses({ remote, remotes = [], group, local }: VxlanConfig): [string, Address][] {
  const listed = remotes.map((text, index) => [`remotes[${index}]`, text] as const)
  const texts = [['remote', remote], ['group', group], ['local', local], ...listed] as const
  return texts.flatMap(([key, text]) => {
    const address = text === undefined ? undefined : parseAddress(text)
    return address ? [[key, address] as [string, Address]] : []
  })
}

export function fittingAddresses(config: VxlanConfig): Complaint | undefined {
  const all = addresses(config)
  const [first] = all
  for (const [key, address] of all) {
    if (address.family !== first?.[1].family)
      return {
        msg: `${first?.[0]} and ${key} are of different families: an underlay is IPv4 or IPv6`,
        hint: 'give each VTEP an address of one family',
      }
    if (address.value === 0n)
      return { msg: `${key}: the unspecified address is no VTEP's`, hint: 'take it out' }
    if (isMulticast(address) === (key === 'group')) continue
    return key === 'group'
      ? { msg: 'group: must be a multicast address such as 239.1.1.1 or ff05::100', hint: 'or use remotes' }
      : { msg: `${key}: a multicast address is not a single VTEP`, hint: 'use group' }
  }
  return undefined
}

export function fittingPorts({ sourcePortRange: range }: VxlanConfig): Complaint | undefined {
  if (!range || range.min <= range.max) return undefined
  return { msg: `sourcePortRange: min ${range.min} is greater than max ${range.max}` }
}

/** The kernel allocates memory for each, with counters for each CPU: millions would take all of it. */
const mostFiltered = 65_536

/** In external mode the container's routes name the remotes, and the kernel does not learn. */
export function fittingVniFilter(config: VxlanConfig): Complaint | undefined {
  const { vniFilter, remote, remotes, group } = config
  if (!vniFilter) return undefined
  const bad = vniFilter.map(toRange).find(({ min, max }) => min > max)
  if (bad) return { msg: `vniFilter: min ${bad.min} is greater than max ${bad.max}` }
  const count = vniFilter.map(toRange).reduce((sum, { min, max }) => sum + max - min + 1, 0)
  if (count > mostFiltered)
    return {
      msg: `vniFilter: must have at most ${mostFiltered} VNIs, found ${count}`,
      hint: 'name fewer VNIs',
    }
  if (!remote && !remotes && !group) return undefined
  return {
    msg: "vniFilter and remotes cannot be set together: the container's routes say where packets go",
    hint: 'take the remotes out; in the container: ip route add DST encap ip id VNI dst REMOTE dev IFNAME',
  }
}

/** An entry of the filter as a range. */
export function toRange(entry: VniEntry): { min: number; max: number } {
  return typeof entry === 'number' ? { min: entry, max: entry } : entry
}

/** Whether ranges cover exactly the entries of a filter; the kernel may join or split them. */
export function takesAll(ranges: { min: number; max: number }[], entries: VniEntry[]): boolean {
  return JSON.stringify(joined(ranges)) === JSON.stringify(joined(entries.map(toRange)))
}

/** Sorted ranges; adjacent and overlapping ones joined. */
function joined(ranges: { min: number; max: number }[]): { min: number; max: number }[] {
  const result: { min: number; max: number }[] = []
  for (const { min, max } of [...ranges].sort((one, other) => one.min - other.min)) {
    const last = result.at(-1)
    if (last && min <= last.max + 1) last.max = Math.max(last.max, max)
    else result.push({ min, max })
  }
  return result
}
