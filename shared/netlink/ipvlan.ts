/** ipvlan: devices on one parent that share its MAC address; the kernel distinguishes them by their IP addresses. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import type { LinkSpec } from './link.ts'

/** IPVLAN_MODE_*, include/uapi/linux/if_link.h: a switch, a router, a router whose incoming packets pass the host's netfilter. */
const modes = { l2: 0, l3: 1, l3s: 2 } as const

/** IPVLAN_F_*, include/uapi/linux/if_link.h; iproute2 calls their absence bridge. */
const flags = { bridge: 0, private: 1, vepa: 2 } as const

export type IpvlanMode = keyof typeof modes
export type IpvlanFlag = keyof typeof flags

/** Options that all ipvlans of a parent share: a new ipvlan changes them for all. */
export interface IpvlanOptions {
  mode: IpvlanMode
  flag: IpvlanFlag
}

/** What makes a link an ipvlan: `ip link add link PARENT NAME type ipvlan mode MODE FLAG`. */
export function ipvlanKind({ mode, flag }: IpvlanOptions): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  const bits = Buffer.from([flags[flag], 0])
  return {
    kind: 'ipvlan',
    data: ifla.formatIpvlan({ mode: modes[mode], flags: bits }),
    words: `mode ${mode} ${flag}`,
  }
}

/** An ipvlan's options, from its link's `data`. */
export function parseIpvlan(data: Buffer): Partial<IpvlanOptions> {
  const { mode, flags: bits } = ifla.parseIpvlan(data)
  return { mode: nameOf(modes, mode), flag: nameOf(flags, bits?.readUInt16LE(0)) }
}

function nameOf<Name extends string>(numbers: Record<Name, number>, value?: number): Name | undefined {
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === value)
}
