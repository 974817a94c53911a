/** Lends links to an attachment: the host's, which are moved into the container, and the container's own, which are only changed. */

import { findMade } from '../attachment/made.ts'
import type { Sides } from '../attachment/sides.ts'
import type { Undo } from '../attachment/undo.ts'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { Errno, isErrno, KernelError } from '../kernel/errno.ts'
import { currentNamespace, inNamespace, type Namespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { isHardware } from '../netlink/kinds.ts'
import { changeLink, type Link, type LinkSettings } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'
import { giveBack } from './give-back.ts'
import { identitiesOf } from './identity.ts'
import { stateOf } from './link-state.ts'
import { holdings, inodeOf, type Lent, markOf, remember } from './record.ts'

/** Where links are lent, and to which attachment. The caller holds the lock (`withLent`) from the look-up of the links on. */
export interface Lending extends Sides {
  undo: Undo
  holder: Attachment & { netns: string }
}

/** A link to be lent, and its name in the container. */
export interface RequestedLink extends Pick<Lent, 'nameInside' | 'path'> {
  link: Link
}

/** Lends links of the host: moves them into the container, where they are down. @returns them as they are there. @throws CniError */
export function lendHosts(lending: Lending, requested: RequestedLink[]): Link[] {
  const { host, inside, container, holder } = lending
  const links = requested.map(({ link }) => link)
  const lent = describe(lending, { socket: host, namespace: currentNamespace() }, links)
  const recorded = rememberAll(
    lending,
    requested.map(({ nameInside, path }, index) => {
      const own = lent[index] as Lent
      return { ...own, nameInside, path, mark: markOf(holder, own.name) }
    }),
  )
  return requested.map(({ link, nameInside: name }, index) => {
    ask(host, changeLink(link, { alias: recorded[index]?.mark, up: false }))
    move(host, link, { netns: container, name })
    return findMade(inside, name)
  })
}

/** @throws CniError for what the kernel never moves: the loopback interface, bridges … */
function move(host: Socket, link: Link, to: LinkSettings): void {
  try {
    ask(host, changeLink(link, to))
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw altnameTaken(link, error)
    if (!isErrno(error, 'EINVAL')) throw error
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `${link.name} cannot leave the host's network namespace: ${error.message}`,
      hint: 'name a NIC: the kernel does not move loopback interfaces, nor interfaces that have children or ports',
      ...factsOf(error),
    })
  }
}

/** The name itself was looked for before. The kernel's explanation tells which alternative name it is. */
function altnameTaken({ name }: Link, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${name} cannot move into the container, which has an interface with its name or one of its altnames: remove that name`,
    hint: `remove the alternative name: ip link property del dev ${name} altname NAME`,
    ...factsOf(cause),
    see: seeLink(name),
  })
}

/** Lends links of the container: records their state and sets them down. @returns them */
export function lendOwn(lending: Lending, links: Link[]): Link[] {
  const { inside: socket, container: namespace } = lending
  rememberAll(lending, describe(lending, { socket, namespace }, links))
  for (const link of links) ask(socket, changeLink(link, { up: false }))
  return links
}

/** Links of a namespace as a record has them. @throws KernelError ENODEV when one is gone by now */
function describe(
  { holder: { netns } }: Lending,
  { socket, namespace }: { socket: Socket; namespace: Namespace },
  links: Link[],
): Lent[] {
  const identities = identitiesOf(namespace, links)
  const inode = inodeOf(netns) ?? ''
  return inNamespace(namespace, () =>
    links.map((link, index) => {
      const identity = identities[index]
      if (!identity) throw new KernelError(Errno.ENODEV, `look up ${link.name} in sysfs`)
      const place = { netns, inode, nameInside: link.name }
      const { altNames } = link
      return { ...stateOf(socket, link), ...identity, ...place, altNames, isHardware: isHardware(link) }
    }),
  )
}

/** Registers the return before the record exists: it may be written in spite of a failure. */
function rememberAll({ holder, undo, host }: Lending, links: Lent[]): Lent[] {
  const home = currentNamespace()
  undo(() => giveBack(host, holder, home))
  return remember(holder, links)
}

/** The names in the container of the links that an attachment was lent, in their order. */
export function namesInside(holder: Attachment): string[] {
  return holdings.read(attachmentHash(holder))?.links.map(({ nameInside }) => nameInside) ?? []
}
