/** Bridges: the options of the device, the options of a port, and the VLANs of a port. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import * as rt from 'netlink/dist/rt/structs.js'
import { parseAttributes, putU8, putU16, putU32, type StreamData } from 'netlink/dist/structs.js'
import { attributeIn, attributesIn } from './attributes.ts'
import { wordsOf } from './command.ts'
import { changeKind, changePort, type LinkName, type LinkSettings, newLink } from './link.ts'
import { linkMessage } from './link-message.ts'
import { dump, type Request, type Socket } from './socket.ts'

const AF_BRIDGE = 7
/** IFLA_AF_SPEC and, nested in it, IFLA_BRIDGE_VLAN_INFO: include/uapi/linux/if_bridge.h. */
const IFLA_AF_SPEC = 26
const IFLA_BRIDGE_VLAN_INFO = 2
const BRIDGE_VLANDB_ENTRY = 1
const BRIDGE_VLANDB_ENTRY_INFO = 1
const BRIDGE_VLANDB_ENTRY_RANGE = 2
/** Flags of struct bridge_vlan_info. */
const VlanFlag = { PVID: 2, UNTAGGED: 4, RANGE_BEGIN: 8, RANGE_END: 16 } as const

export interface BridgeOptions {
  vlanFiltering?: boolean
  stp?: boolean
  /** Seconds for which the bridge keeps a learnt MAC address. */
  ageingTime?: number
  multicastSnooping?: boolean
  /** Bit mask of the link-local groups 01:80:c2:00:00:0X that are forwarded. */
  groupForwardMask?: number
}

export interface PortOptions {
  hairpin?: boolean
  isolated?: boolean
}

/** A VLAN, or a range of VLANs, of a port. */
export interface PortVlan {
  first: number
  last: number
  pvid: boolean
  untagged: boolean
}

/** `ip link add NAME type bridge …` */
export function newBridge(name: string, settings: LinkSettings, options: BridgeOptions): Request {
  return newLink({
    ...settings,
    name,
    kind: 'bridge',
    data: ifla.formatBridge(bridgeAttributes(options)),
    words: bridgeWords(options),
  })
}

/** `ip link set dev NAME type bridge …` */
export function changeBridge(bridge: LinkName, options: BridgeOptions): Request {
  return changeKind(bridge, 'bridge', ifla.formatBridge(bridgeAttributes(options)), bridgeWords(options))
}

/** Clock ticks a second in the kernel's messages (USER_HZ). */
const USER_HZ = 100

function bridgeAttributes(options: BridgeOptions): ifla.Bridge {
  const { vlanFiltering, stp, ageingTime, multicastSnooping, groupForwardMask } = options
  return {
    ageingTime: ageingTime === undefined ? undefined : putU32(ageingTime * USER_HZ),
    stpState: stp === undefined ? undefined : putU32(Number(stp)),
    vlanFiltering: vlanFiltering ? putU8(1) : undefined,
    groupFwdMask: groupForwardMask === undefined ? undefined : putU16(groupForwardMask),
    mcastSnooping: multicastSnooping === undefined ? undefined : putU8(Number(multicastSnooping)),
  }
}

function bridgeWords({
  vlanFiltering,
  stp,
  ageingTime,
  multicastSnooping,
  groupForwardMask,
}: BridgeOptions): string {
  return wordsOf({
    vlan_filtering: vlanFiltering ? 1 : undefined,
    stp_state: stp === undefined ? undefined : Number(stp),
    ageing_time: ageingTime === undefined ? undefined : ageingTime * USER_HZ,
    mcast_snooping: multicastSnooping === undefined ? undefined : Number(multicastSnooping),
    group_fwd_mask: groupForwardMask,
  })
}

/** Attributes of a bridge and of a port (IFLA_BR_*, IFLA_BRPORT_*, include/uapi/linux/if_link.h). */
const Br = {
  AGEING_TIME: 4,
  STP_STATE: 5,
  VLAN_FILTERING: 7,
  GROUP_FWD_MASK: 9,
  MCAST_SNOOPING: 23,
  VLAN_DEFAULT_PVID: 39,
} as const
const BrPort = { MODE: 4, ISOLATED: 33 } as const

/** The options of a bridge, from its link's `data`. */
export function parseBridge(data: Buffer): Required<BridgeOptions> {
  const attribute = attributesIn(data)
  return {
    vlanFiltering: attribute(Br.VLAN_FILTERING)?.[0] === 1,
    stp: (attribute(Br.STP_STATE)?.readUInt32LE(0) ?? 0) !== 0,
    ageingTime: (attribute(Br.AGEING_TIME)?.readUInt32LE(0) ?? 0) / USER_HZ,
    multicastSnooping: attribute(Br.MCAST_SNOOPING)?.[0] === 1,
    groupForwardMask: attribute(Br.GROUP_FWD_MASK)?.readUInt16LE(0) ?? 0,
  }
}

/** The VLAN that a new port gets, untagged; 0 for none. From a bridge's `data`. */
export function defaultVlan(data: Buffer): number {
  return attributeIn(data, Br.VLAN_DEFAULT_PVID)?.readUInt16LE(0) ?? 0
}

/** `ip link set dev PORT type bridge_slave hairpin on isolated on` */
export function changeBridgePort(port: LinkName, { hairpin, isolated }: PortOptions): Request {
  const attributes: ifla.BridgePort = {
    mode: hairpin === undefined ? undefined : Number(hairpin),
    isolated: isolated === undefined ? undefined : putU8(Number(isolated)),
  }
  return changePort(port, 'bridge', ifla.formatBridgePort(attributes), wordsOf({ hairpin, isolated }))
}

/** A port's options, from its link's `portData`. */
export function parseBridgePort(data: Buffer): Required<PortOptions> {
  const attribute = attributesIn(data)
  return { hairpin: attribute(BrPort.MODE)?.[0] === 1, isolated: attribute(BrPort.ISOLATED)?.[0] === 1 }
}

/** `bridge vlan add dev PORT vid FIRST-LAST [pvid] [untagged]` */
export function newPortVlan(port: LinkName, vlan: PortVlan): Request {
  return portVlan(port, vlan, rt.MessageType.SETLINK, 'add')
}

/** `bridge vlan del dev PORT vid FIRST-LAST` */
export function removePortVlan(port: LinkName, vlan: PortVlan): Request {
  return portVlan(port, vlan, rt.MessageType.DELLINK, 'del')
}

function portVlan(port: LinkName, vlan: PortVlan, type: number, verb: string): Request {
  const { first, last, pvid, untagged } = vlan
  const range = first === last ? `${first}` : `${first}-${last}`
  const words = `vid ${range}${pvid ? ' pvid' : ''}${untagged ? ' untagged' : ''}`
  const spec: StreamData = (out) => {
    for (const info of vlanInfo(vlan)) out.push(IFLA_BRIDGE_VLAN_INFO, info)
  }
  return {
    type,
    flags: 0,
    payload: linkMessage({ family: AF_BRIDGE, index: port.index }, [[IFLA_AF_SPEC, spec]]),
    attempt: verb === 'add' ? `add VLAN ${range} to ${port.name}` : `remove VLAN ${range} from ${port.name}`,
    reproduce: `bridge vlan ${verb} dev ${port.name} ${words}`,
  }
}

/** struct bridge_vlan_info, one for a single VLAN and two for a range. */
function vlanInfo({ first, last, pvid, untagged }: PortVlan): Buffer[] {
  const flags = (pvid ? VlanFlag.PVID : 0) | (untagged ? VlanFlag.UNTAGGED : 0)
  if (first === last) return [Buffer.concat([putU16(flags), putU16(first)])]
  return [
    Buffer.concat([putU16(flags | VlanFlag.RANGE_BEGIN), putU16(first)]),
    Buffer.concat([putU16(flags | VlanFlag.RANGE_END), putU16(last)]),
  ]
}

/** The VLANs of one port (RTM_GETVLAN, Linux 5.6). Equivalent to `bridge vlan show dev PORT`. */
export function listPortVlans(socket: Socket, port: LinkName): PortVlan[] {
  const payload = Buffer.alloc(8)
  payload[0] = AF_BRIDGE
  payload.writeInt32LE(port.index, 4)
  const see = `bridge vlan show dev ${port.name}`
  const vlans: PortVlan[] = []
  for (const { data } of dump(socket, {
    type: rt.MessageType.GETVLAN,
    payload,
    attempt: `list the VLANs of ${port.name}`,
    see,
  })) {
    parseAttributes(data.subarray(8), ({ type, data: entry }) => {
      if (type === BRIDGE_VLANDB_ENTRY) vlans.push(parsePortVlan(entry))
    })
  }
  return vlans
}

function parsePortVlan(entry: Buffer): PortVlan {
  const vlan: PortVlan = { first: 0, last: 0, pvid: false, untagged: false }
  parseAttributes(entry, ({ type, data }) => {
    if (type === BRIDGE_VLANDB_ENTRY_INFO) {
      const flags = data.readUInt16LE(0)
      vlan.pvid = (flags & VlanFlag.PVID) !== 0
      vlan.untagged = (flags & VlanFlag.UNTAGGED) !== 0
      vlan.first = data.readUInt16LE(2)
      vlan.last = vlan.last || vlan.first
    }
    if (type === BRIDGE_VLANDB_ENTRY_RANGE) vlan.last = data.readUInt16LE(0)
  })
  return vlan
}
