/** The container's interface, through which servers are asked: which interfaces can, and how one is set up for that. */

import { CniError, Code } from '../../error/error.ts'
import { parseMac } from '../../ip/mac.ts'
import { KernelError } from '../../kernel/errno.ts'
import { inNamespace, type Namespace, openNamespace } from '../../kernel/namespace.ts'
import { commandIn, seeLink } from '../../netlink/command.ts'
import { Group, waitFor } from '../../netlink/events.ts'
import { parseIpvlan } from '../../netlink/ipvlan.ts'
import { changeLink, findLink, type Link } from '../../netlink/link.ts'
import { ask, openSocketIn, Protocol, type Socket } from '../../netlink/socket.ts'

/** An interface in its namespace. */
export interface Place {
  namespace: Namespace
  /** rtnetlink in the namespace. */
  inside: Socket
  link: Link
  mac: Buffer
}

/** Where an attachment's interface is. */
interface Where {
  netns: string
  ifname: string
}

/** @throws CniError of code 7 for an interface that no server can be asked through; KernelError without a namespace */
export function placeOf({ netns, ifname }: Where): Place {
  const namespace = openNamespace(netns)
  const inside = openSocketIn(namespace, Protocol.ROUTE)
  const link = findLink(inside, ifname)
  if (!link) throw refused(`the container has no interface ${ifname} that dhcp could ask through`, { netns })
  refuseUnfit(link, { netns })
  const mac = parseMac(link.mac)
  if (!mac) throw refused(`${ifname} has no MAC address, so no DHCP server can answer it`, { netns })
  return { namespace, inside, link, mac }
}

/** Interfaces whose frames go to a program: the machine behind them asks for itself. */
const ofMachines = ['macvtap', 'ipvtap', 'tun']

function refuseUnfit(link: Link, place: { netns: string }): void {
  const { name, kind = '', data } = link
  if (ofMachines.includes(kind))
    throw refused(`${name} is a ${kind}: the guest asks for its address itself: leave ipam out`, place)
  if (kind === 'dummy')
    throw refused(`${name} is a dummy, which drops all frames: no DHCP server can be asked`, place)
  const mode = kind === 'ipvlan' && data ? parseIpvlan(data).mode : undefined
  if (mode === 'l3' || mode === 'l3s')
    throw refused(`${name} is an ipvlan in mode ${mode}, which no broadcast passes: use mode l2`, place)
}

function refused(msg: string, { netns }: { netns: string }): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg,
    hint: 'dhcp needs an interface of the kernel with a MAC address, as of macvlan, ipvlan in mode l2, vlan, bridge or host-device; for others choose another IPAM plugin, or leave ipam out',
    see: commandIn({ netns }, 'ip -d link show'),
  })
}

/** Sets the interface up, and waits until it has a carrier. @returns it as it is then @throws CniError of code 11 when the time (milliseconds) is over */
export function setUp(place: Place, milliseconds: number): Place {
  const { inside, link, namespace } = place
  if (!link.up) ask(inside, changeLink(link, { up: true }))
  const running = inNamespace(namespace, () =>
    waitFor(Group.LINK, milliseconds, () => linkWithCarrier(place)),
  )
  if (running) return { ...place, link: running }
  throw new CniError(Code.TryAgainLater, {
    msg: `${link.name} has no carrier after ${Math.ceil(milliseconds / 1000)} s: no DHCP server can be asked`,
    hint: 'look at the cable, the port of the switch, or the parent of the interface; a greater ipam.timeout waits longer',
    see: seeLink(link.name, inside),
  })
}

/** Its operational state says less: an ipvlan's stays unknown. */
function linkWithCarrier({ inside, link }: Place): Link | undefined {
  const found = findLink(inside, link.index)
  return found?.carrier ? found : undefined
}

/** Lower MTUs of servers are not taken: what every host of a family must be able to receive (RFC 791 section 3.2, RFC 8200 section 5). */
export const smallestMtu = { 4: 576, 6: 1280 } as const

/** Sets a lower MTU than the interface has (option 26). A lower one than IPv6 needs would take IPv6 from it. */
export function lowerMtu({ inside, link }: Place, mtu: number | undefined, smallest: number): void {
  if (mtu !== undefined && mtu >= smallest && mtu < link.mtu) ask(inside, changeLink(link, { mtu }))
}

/** Gives the interface the state and the MTU back that it was found with. For the undo of ADD: a failure is none of its errors. */
export function restore({ inside, link }: Place): void {
  try {
    ask(inside, changeLink(link, { up: link.up, mtu: link.mtu }))
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}
