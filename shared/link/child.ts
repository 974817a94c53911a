/** A child of a parent (macvlan, ipvlan, vlan …), made in the container's namespace. */

import { broken, noSuch } from '../attachment/broken.ts'
import type { InterfaceConfig, Life, Trace } from '../attachment/device.ts'
import { hostSocket, openSidesIfAny, type Sides } from '../attachment/sides.ts'
import { undoable } from '../attachment/undo.ts'
import { attachmentKey, hashedName } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink, type Link, type LinkSpec, newLink, removeIfThere } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'
import { isUnknownKind, missingKind, requireKind } from './kind.ts'
import { findParent, type ParentConfig, parentSide, sitsOn } from './parent.ts'
import { parentNow } from './parent-now.ts'

/** A child's kind, its options and settings. */
export type ChildSpec = Omit<LinkSpec, 'name' | 'parent' | 'netns' | 'up'>

/**
 * Makes the container's interface on its parent. Equivalent to `ip link add link PARENT name IFNAME netns NS type KIND …`.
 * @throws CniError when the MTU does not fit, the parent is taken by another kind, or the kernel lacks this one
 */
export async function createChild(
  life: Life<InterfaceConfig & ParentConfig>,
  parent: Link,
  spec: ChildSpec,
): Promise<void> {
  try {
    makeChild(life, parent, spec)
  } catch (error) {
    throw await explainRefusal(error, parentSide(life, life.request.config), parent, spec.kind)
  }
}

/**
 * The same, synchronously, and with the kernel's error (`explainRefusal` explains it). Before 6.14 the kernel refuses a
 * name that the parent's namespace has too; such a child gets a temporary name and is renamed afterwards.
 */
export function makeChild(life: Life<ParentConfig>, parent: Link, spec: ChildSpec): void {
  refuseMtu(parent, spec.mtu)
  const { inside, container, request, undo } = life
  const side = parentSide(life, request.config)
  const { ifname } = request
  const netns = request.config.linkInContainer ? undefined : container
  const name = netns && findLink(side, ifname) ? temporaryName(request) : ifname
  undoable(
    undo,
    () => ask(side, newLink({ ...spec, name, parent, netns })),
    () => removeAny(inside, name, ifname),
  )
  if (name === ifname) return
  const child = findLink(inside, name)
  if (child) ask(inside, changeLink(child, { name: ifname }))
}

function temporaryName(request: Request): string {
  return hashedName('temp', attachmentKey(request))
}

/** A child that was not renamed yet. Afterwards it is the container's interface, which DEL deletes. */
export const unrenamedChild: Trace = {
  remove(request) {
    const sides = openSidesIfAny(request)
    if (sides) removeIfThere(sides.inside, { name: temporaryName(request) })
  },
}

function removeAny(socket: Socket, ...names: string[]): void {
  for (const name of names) removeIfThere(socket, { name })
}

/** A child sends by its parent, so its MTU cannot be larger than the parent's. @throws CniError */
export function refuseMtu(parent: Link, mtu: number | undefined): void {
  if (!mtu || mtu <= parent.mtu) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `mtu: ${mtu} is more than the ${parent.mtu} of the parent ${parent.name}: take less, or raise that`,
    hint: `take at most ${parent.mtu}, or raise the parent's: ip link set dev ${parent.name} mtu ${mtu}`,
    see: seeLink(parent.name),
  })
}

/** Explains the kernel's refusal: names the device that uses the parent, or the missing module. @returns what to throw */
export async function explainRefusal(
  error: unknown,
  side: Socket,
  parent: Link,
  kind: string,
): Promise<unknown> {
  if (isErrno(error, 'EBUSY')) return (await import('./busy.ts')).busyError(side, parent, kind, error)
  if (isUnknownKind(error)) return missingKind(kind)
  return error
}

/**
 * CHECK: the container's interface is of its kind, and on its parent.
 * @param parent default: the one that the configuration means
 * @throws CniError
 */
export function checkChild(
  sides: Sides,
  request: Request<ParentConfig>,
  kind: string,
  parent = parentNow(sides, request),
): Link {
  const { ifname, config } = request
  const link = findLink(sides.inside, ifname)
  if (link?.kind !== kind) throw noSuch(kind, ifname, request)
  if (!sitsOn(link, parent, !config.linkInContainer))
    throw broken(`${ifname} does not sit on ${parent.name}`, { see: seeLink(ifname, request) })
  return link
}

/**
 * STATUS: the kernel has the kind, and the host has the parent, which may be down for a moment: a warning. STATUS has no namespace, so
 * a parent in the container is not checked.
 * @throws CniError when ADD would fail for good
 */
export function childStatus({ config, log }: Request<ParentConfig>, kind: string): void {
  const host = hostSocket()
  requireKind(host, kind)
  if (config.linkInContainer) return
  const { name, up } = findParent(host, config, log)
  if (!up) log.warn(`the parent ${name} is down: ip link set dev ${name} up`)
}
