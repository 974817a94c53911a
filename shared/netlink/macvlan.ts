/** macvlan: devices on one parent, each with its own MAC address. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import { parseAttributes, putU32 } from 'netlink/dist/structs.js'
import { formatMac, parseMac } from '../ip/mac.ts'
import { wordsOf } from './command.ts'
import type { LinkSpec } from './link.ts'

/** enum macvlan_mode, include/uapi/linux/if_link.h. */
const modes = { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 } as const

export type MacvlanMode = keyof typeof modes

export interface MacvlanOptions {
  mode: MacvlanMode
  /** In mode source, frames from these addresses are accepted. */
  sourceMacs?: string[]
  /** Length of the parent's queue of multicast and broadcast frames; the parent uses the greatest value of its devices. */
  bcqueuelen?: number
}

/** Attributes, include/uapi/linux/if_link.h. */
const Attribute = { MODE: 1, MACADDR: 4, MACADDR_DATA: 5, BC_QUEUE_LEN: 7 } as const

/** What makes a link a macvlan: `ip link add link PARENT NAME type macvlan mode MODE [bcqueuelen N] [macaddr set MAC…]`. */
export function macvlanKind(options: MacvlanOptions): Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  const { mode, sourceMacs, bcqueuelen } = options
  const macaddrMode = sourceMacs && ifla.MacvlanMacaddrMode.SET
  const data = ifla.formatMacvlan({
    mode: modes[mode],
    macaddrMode,
    macaddrData: sourceMacs && formatMacs(sourceMacs),
  })
  return {
    kind: 'macvlan',
    data: (out) => {
      out.emit(data)
      // The codec does not have this attribute.
      if (bcqueuelen !== undefined) out.push(Attribute.BC_QUEUE_LEN, putU32(bcqueuelen))
    },
    words: wordsOf({ mode, bcqueuelen, 'macaddr set': sourceMacs?.join(' ') }),
  }
}

/** IFLA_MACVLAN_MACADDR, once for each address. */
function formatMacs(macs: string[]): Buffer {
  const entries = macs.map((mac) => {
    const entry = Buffer.alloc(12)
    entry.writeUInt16LE(10, 0)
    entry.writeUInt16LE(Attribute.MACADDR, 2)
    entry.set(parseMac(mac) ?? [], 4)
    return entry
  })
  return Buffer.concat(entries)
}

/** A macvlan's options, from its link's `data`. The order of the source addresses is not defined. */
export function parseMacvlan(data: Buffer): Partial<MacvlanOptions> {
  const options: Partial<MacvlanOptions> = {}
  parseAttributes(data, ({ type, data: value }) => {
    if (type === Attribute.MODE) options.mode = modeOf(value.readUInt32LE(0))
    if (type === Attribute.MACADDR_DATA) options.sourceMacs = parseMacs(value)
    if (type === Attribute.BC_QUEUE_LEN) options.bcqueuelen = value.readUInt32LE(0)
  })
  return options
}

function modeOf(value: number): MacvlanMode | undefined {
  return (Object.keys(modes) as MacvlanMode[]).find((mode) => modes[mode] === value)
}

function parseMacs(data: Buffer): string[] {
  const macs: string[] = []
  parseAttributes(data, ({ data: mac }) => {
    macs.push(formatMac(mac))
  })
  return macs
}
