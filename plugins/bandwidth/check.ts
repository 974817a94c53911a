/** CHECK: the kernel has each limit, where ADD has put it; also one that the reference has put there. */

import { broken, isDown, mismatch, noSuch } from '../../shared/attachment/broken.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { seeTc } from '../../shared/netlink/traffic-control.ts'
import { faultOfShaper } from './compare.ts'
import type { BandwidthConfig } from './config.ts'
import { findHostIfb, findIfb, isRedirected, nameInside, referenceName } from './ifb.ts'
import { type Ends, remainingEnds } from './place.ts'
import { type Direction, directions, wishOf } from './rules.ts'
import { acceptable } from './shaper.ts'

/** @throws CniError naming the first limit that is gone, or another one */
export function checkLimits(sides: Sides, request: Request<BandwidthConfig>, prevResult: Result): void {
  const limited = directions.filter((direction) => wishOf(request.config, direction))
  if (limited.length === 0) return
  const ends = remainingEnds(sides, request)
  const mtus = [ends.link.mtu, ...prevResult.interfaces.flatMap(({ mtu }) => mtu ?? [])]
  for (const direction of limited) {
    const { socket, link } = placeOf(direction, sides, ends, request)
    const wanted = acceptable(request.config, direction, mtus)
    const fault = wanted && faultOfShaper(socket, link, wanted)
    if (fault) throw broken(`${direction}: ${fault}`, { see: commandIn(socket, seeTc('qdisc', link)) })
  }
}

interface Shaped {
  socket: Socket
  link: Link
}

/** The link on which ADD has put the shaper. */
function placeOf(direction: Direction, sides: Sides, ends: Ends, request: Request<BandwidthConfig>): Shaped {
  const { host, inside } = sides
  const { link, end } = ends
  if (direction === 'ingress') {
    if (end) return { socket: host, link: end }
    return redirected(inside, link, findIfb(inside, nameInside(link.name)), nameInside(link.name))
  }
  const ifb = findHostIfb(host, request, end)
  if (!end || (!ifb && request.config.egress !== 'ifb')) return { socket: inside, link }
  return redirected(host, end, ifb, referenceName(request))
}

/** @throws CniError when what the link receives does not go to the IFB, or it is down */
function redirected(socket: Socket, link: Link, ifb: Link | undefined, name: string): Shaped {
  if (!ifb) throw noSuch('IFB', name, socket)
  if (!ifb.up) throw isDown(ifb.name, socket)
  if (isRedirected(socket, link, ifb)) return { socket, link: ifb }
  const msg = mismatch(link.name, 'redirection', 'none', `that to ${ifb.name}`)
  throw broken(msg, { see: commandIn(socket, `${seeTc('filter', link)} ingress`) })
}
