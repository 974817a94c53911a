/** The options of a VTEP as configured, and the differences of an existing one. */

import { CniError, Code } from '../../shared/error/error.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { changeable, parseVxlan, type VxlanChange, type VxlanOptions } from '../../shared/netlink/vxlan.ts'
import type { VxlanConfig } from './config.ts'
import type { Underlay } from './underlay.ts'

/** All options in the kernel's terms, so that none depends on the kernel's defaults. */
export function optionsOf(config: VxlanConfig, { dev, local, group }: Underlay): VxlanOptions {
  const { vni = 0, dstport, sourcePortRange, ttl = 0, tos = 0, df, ageing } = config
  const {
    arpSuppress,
    learning = !arpSuppress,
    proxy,
    l2miss,
    l3miss,
    udpCsum,
    udp6ZeroCsumTx,
    udp6ZeroCsumRx,
    vniFilter,
  } = config
  return {
    vni,
    group: group && formatAddress(group),
    local: local && formatAddress(local),
    dev: dev?.index,
    dstport,
    sourcePorts: sourcePortRange,
    ttl,
    tos: tos === 1 ? 'inherit' : tos,
    df,
    // In external mode the kernel does not learn.
    learning: learning && !vniFilter,
    ageing,
    proxy: proxy || arpSuppress,
    l2miss,
    l3miss,
    udpCsum,
    udp6ZeroCsumTx,
    udp6ZeroCsumRx,
    external: vniFilter !== undefined,
  }
}

/** The options that differ: those that the kernel can change, with their new values, and the names of those that it cannot. */
export interface Differences {
  change: VxlanChange
  fixed: (keyof VxlanOptions)[]
}

export function differences({ data }: Link, wanted: VxlanOptions): Differences {
  const actual = parseVxlan(data ?? Buffer.alloc(0))
  const keys = Object.keys(wanted) as (keyof VxlanOptions)[]
  const wrong = keys.filter((key) => JSON.stringify(wanted[key]) !== JSON.stringify(actual[key]))
  const fixed = wrong.filter((key) => !isChangeable(key, actual, wanted))
  const change = wrong.filter((key) => !fixed.includes(key)).map((key) => [key, wanted[key]])
  return { change: Object.fromEntries(change), fixed }
}

/** The kernel can change the TTL, but not to or from `inherit`. */
function isChangeable(key: keyof VxlanOptions, actual: VxlanOptions, wanted: VxlanOptions): boolean {
  if (key === 'ttl') return actual.ttl !== 'inherit' && wanted.ttl !== 'inherit'
  return (changeable as readonly string[]).includes(key)
}

/** @throws CniError naming each option that differs and cannot be changed */
export function requireFixed(host: Socket, vtep: Link, wanted: VxlanOptions): void {
  const { fixed } = differences(vtep, wanted)
  if (fixed.length === 0) return
  const actual = parseVxlan(vtep.data ?? Buffer.alloc(0))
  const say = (key: keyof VxlanOptions, options: VxlanOptions) => optionInWords(host, key, options)
  const list = fixed.map((key) => `${key} ${say(key, actual)}, not ${say(key, wanted)}`)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `VTEP ${vtep.name} exists already with ${list.join('; ')}`,
    hint: `it cannot be changed while containers use it: make the configuration fit, choose another vni, or end its containers; if it is unused, delete it: ip link delete ${vtep.name}`,
    see: seeLink(vtep.name),
  })
}

/** An option's value as in a configuration. */
export function optionInWords(host: Socket, key: keyof VxlanOptions, options: VxlanOptions): string {
  const value = options[key]
  if (value === undefined) return 'unset'
  if (key === 'dev') return findLink(host, Number(value))?.name ?? `interface ${value}`
  return typeof value === 'object' ? `${value.min}-${value.max}` : String(value)
}
