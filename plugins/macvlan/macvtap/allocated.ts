/** A macvtap that a device plugin has made on the host: ADD moves it into the container, DEL deletes it there, as macvtap-cni does. */

import { broken, noSuch } from '../../../shared/attachment/broken.ts'
import type { Life } from '../../../shared/attachment/device.ts'
import { hostSocket, type Sides } from '../../../shared/attachment/sides.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { CniError, Code } from '../../../shared/error/error.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { currentNamespace, type Namespace } from '../../../shared/kernel/namespace.ts'
import { refuseMtu } from '../../../shared/link/child.ts'
import { seeLink } from '../../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../../shared/netlink/link.ts'
import { parseMacvlan } from '../../../shared/netlink/macvlan.ts'
import { ask, type Socket } from '../../../shared/netlink/socket.ts'
import { chosenMac, explainMac } from '../mac.ts'
import { differenceOf } from '../macvlan.ts'
import type { MacvtapConfig } from './config.ts'
import { findAllocated } from './device-id.ts'

type MacvtapRequest = Request<MacvtapConfig>

/** Moves the macvtap into the container. Equivalent to `ip link set DEVICE netns NS name IFNAME`. @throws CniError when it does not fit */
export async function takeAllocated(life: Life<MacvtapConfig>): Promise<void> {
  const { host, inside, container, request, undo } = life
  const { ifname, config } = request
  const link = await findAllocated(host, config)
  refuseOther(link, asMade(request, link).config)
  refuseMtu(parentOfAllocated(host, link), config.mtu)
  const home = currentNamespace()
  undo(() => putBack(life, link, home))
  ask(host, changeLink(link, { up: false }))
  ask(host, changeLink(link, { netns: container, name: ifname }))
  const settings = {
    mac: chosenMac(request),
    mtu: config.mtu || undefined,
    promisc: config.promiscMode || undefined,
  }
  ask(inside, changeLink({ name: ifname }, settings))
}

/** The runtime tries again with the same device, so a failed ADD must not delete it. */
function putBack({ host, inside, request }: Life<MacvtapConfig>, link: Link, home: Namespace): void {
  const { name, mac, mtu, promisc, up } = link
  const taken = findLink(inside, request.ifname)
  if (taken) {
    ask(inside, changeLink(taken, { up: false }))
    ask(inside, changeLink(taken, { mac, mtu, promisc }))
    ask(inside, changeLink(taken, { netns: home, name }))
  }
  ask(host, changeLink({ name }, { up }))
}

/** The device plugin chooses mode, senders and queue: keys that say otherwise would not be fulfilled. */
function refuseOther(link: Link, config: Parameters<typeof differenceOf>[1]): void {
  const difference = differenceOf(link, config)
  if (difference === undefined) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `deviceID: ${difference}: change the device plugin's configuration, or this one`,
    hint: 'the device plugin has made the macvtap; without these keys it is used as it is',
    see: seeLink(link.name),
  })
}

function parentOfAllocated(host: Socket, { name, parent }: Link): Link {
  const found = parent === undefined ? undefined : findLink(host, parent)
  if (found) return found
  throw broken(`the parent of ${name} is not on the host`, { see: seeLink(name) })
}

/** The request as if ADD had made the link: on its parent, with the link's own options where none are configured. */
function asMade(request: MacvtapRequest, { data = Buffer.alloc(0) }: Link, parent?: Link) {
  const { mode: own = 'bridge', sourceMacs } = parseMacvlan(data)
  const { config } = request
  const options = { mode: config.mode ?? own, sourceMacs: config.sourceMacs ?? sourceMacs }
  return { ...request, config: { ...config, ...options, master: parent?.name } }
}

/** The same of the link in the container, for CHECK. @throws CniError when it is gone, or not on a parent of the host */
export function allocatedInside({ host, inside }: Pick<Sides, 'host' | 'inside'>, request: MacvtapRequest) {
  const link = findLink(inside, request.ifname)
  if (link?.kind !== 'macvtap') throw noSuch('macvtap', request.ifname, request)
  return asMade(request, link, parentOfAllocated(host, link))
}

/** Explains a MAC address that another interface on the parent has. The link is on the host again. */
export async function explainAllocated(error: unknown, request: MacvtapRequest): Promise<unknown> {
  if (chosenMac(request) === undefined || !isErrno(error, 'EADDRINUSE', 'EBUSY')) return error
  const host = hostSocket()
  const link = await findAllocated(host, request.config)
  return explainMac(error, asMade(request, link, parentOfAllocated(host, link)))
}
