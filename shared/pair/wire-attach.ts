/** ADD of a wire: the first container gets an end of a new pair, the second the other end, which waits on the host. */

import type { Life } from '../attachment/device.ts'
import { requestedMac } from '../attachment/mac.ts'
import { existsAlready } from '../attachment/made.ts'
import { aliasLength, attachmentAlias } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { currentNamespace, type Namespace } from '../kernel/namespace.ts'
import { changeLink, findLink, type Link, type LinkSettings } from '../netlink/link.ts'
import { newPair, type PairKind } from '../netlink/pair.ts'
import { ask } from '../netlink/socket.ts'
import {
  endOf,
  idOf,
  isSame,
  readEnds,
  type Wire,
  type WireConfig,
  wireOf,
  withWires,
  writeEnds,
} from './wire.ts'
import { cut } from './wire-cut.ts'
import { deleteEnds, type Held, heldEnds, waitForEnding, waitingEnd } from './wire-ends.ts'

/** Gives the container its end. @returns the other container's end, if there is one. @throws CniError when both ends are taken */
export function attach(life: Life<WireConfig>, kind: PairKind): Held | undefined {
  const wire = wireOf(life.request, kind)
  waitForEnding(wire)
  return withWires(() => {
    const held = heldEnds(wire)
    refuseAgain(held, life.request)
    const waiting = waitingEnd(life.host, wire)
    const [other] = held
    if (!other) makeWire(life, wire)
    else if (waiting) takeEnd(life, wire, waiting)
    else throw noEndLeft(wire)
    return other
  })
}

/**
 * Makes the pair, after deleting an older one of this name, whose container is gone. The record is written first, so that
 * DEL finds the pair if this process is killed half way.
 */
function makeWire(life: Life<WireConfig>, wire: Wire): void {
  const { host, inside, container, request, undo } = life
  const { ifname } = request
  const name = idOf(wire)
  deleteEnds(host, wire)
  undo(() => cut(host, request, wire.kind))
  writeEnds(wire, [endOf(request)])
  const end = { name: ifname, mac: requestedMac(request), netns: container }
  ask(host, newPair(wire.kind, { name }, end))
  ask(inside, changeLink({ name: ifname }, { ...settings(request), alias: name }))
  ask(host, changeLink({ name }, { ...settings(request), alias: waitingAlias(wire, request) }))
}

/** `ip link set WAITING netns NS name IFNAME`, in one request with the MAC address and the other settings. */
function takeEnd(life: Life<WireConfig>, wire: Wire, waiting: Link): void {
  const { host, container, request, undo } = life
  const home = currentNamespace()
  undo(() => withWires(() => putBack(life, wire, waiting, home)))
  const alias = idOf(wire)
  ask(host, changeLink(waiting, { ...own(request), name: request.ifname, netns: container, alias }))
  writeEnds(wire, [...readEnds(wire), endOf(request)])
}

/** Moves the end back to the host. The kernel may have moved it and not renamed it, so both names are looked up. */
function putBack({ inside, request }: Life<WireConfig>, wire: Wire, waiting: Link, home: Namespace): void {
  const { name, mac, mtu, txqlen, alias } = waiting
  const moved = findLink(inside, request.ifname)
  const link = moved?.alias === name ? moved : findLink(inside, name)
  if (!link) return
  ask(inside, changeLink(link, { name, mac, mtu, txqlen, alias, netns: home }))
  writeEnds(
    wire,
    readEnds(wire).filter((end) => !isSame(end, request)),
  )
}

/** Set after the pair is made: when a link is made, the kernel does not ask the driver whether it supports the MTU. */
function settings({ config: { mtu, txQueueLen } }: Request<WireConfig>): LinkSettings {
  return { mtu: mtu || undefined, txqlen: txQueueLen }
}

/** The settings of the end in the container. */
function own(request: Request<WireConfig>): LinkSettings {
  return { ...settings(request), mac: requestedMac(request) }
}

/** The alias of the waiting end: it tells the reader of `ip link` which attachment has the other end. */
function waitingAlias({ wire }: Wire, request: Request): string {
  const alias = `${attachmentAlias(request) ?? request.network}/other end of wire ${wire}`
  return alias.slice(0, aliasLength)
}

function refuseAgain(held: Held[], request: Request): void {
  const again = held.find(({ end }) => isSame(end, request))
  if (!again) return
  throw existsAlready(again.end.ifname, again.end)
}

function noEndLeft(wire: Wire): CniError {
  const who = readEnds(wire).map(({ containerID, ifname }) => `container ${containerID} (${ifname})`)
  return new CniError(Code.TryAgainLater, {
    msg: `wire ${wire.wire} has no end left: ${who.join(' and ')} ${who.length > 1 ? 'have them' : 'has one, and the other does not wait'}: delete one first`,
    hint: 'a wire joins two: delete one of them first, or give this container another "wire"',
  })
}
