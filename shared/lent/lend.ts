/** Lends links to an attachment: the host's, which are moved into the container, and the container's own, which are only changed. */

import type { Sides } from '../attachment/sides.ts'
import type { Undo } from '../attachment/undo.ts'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { isErrno } from '../kernel/errno.ts'
import { currentNamespace, inNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink, type Link, type LinkSettings } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'
import { giveBack } from './give-back.ts'
import { stateOf } from './link-state.ts'
import { holderOf, holdings, type Lent, markPrefix, remember, withLent } from './record.ts'

/** Where links are lent, and to which attachment. */
export interface Lending extends Sides {
  undo: Undo
  holder: Attachment & { netns: string }
}

/** A link to be lent, and its name in the container. */
export interface RequestedLink extends Pick<Lent, 'nameInside' | 'device'> {
  link: Link
}

/** Lends links of the host: moves them into the container, where they are down. @returns them as they are there. @throws CniError */
export function lendHosts(lending: Lending, requested: RequestedLink[]): Link[] {
  const { host, inside, container, holder } = lending
  return withLent(() => {
    const gone = requested.find(({ link }) => findLink(host, link.name)?.index !== link.index)
    if (gone) throw lentAlready(gone.link)
    const lent = requested.map(({ link, nameInside, device }): Lent => {
      const mark = markPrefix(holder) + link.name
      return { ...stateOf(host, link), nameInside, device, mark, isHardware: link.kind === undefined }
    })
    rememberAll(lending, lent)
    return requested.map(({ link, nameInside: name }, index) => {
      ask(host, changeLink(link, { alias: lent[index]?.mark, up: false }))
      move(host, link, { netns: container, name })
      return findLink(inside, name) as Link
    })
  })
}

/** @throws CniError for what the kernel never moves: the loopback interface, bridges … */
function move(host: Socket, link: Link, to: LinkSettings): void {
  try {
    ask(host, changeLink(link, to))
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `${link.name} cannot leave the host's network namespace: ${error.message}`,
      hint: 'name a NIC: the kernel does not move loopback interfaces, nor interfaces that have children or ports',
      ...factsOf(error),
    })
  }
}

/** Another ADD has lent the link after it was looked up here, and before this process got the lock. */
function lentAlready({ name }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the host has just lent ${name} to container ${holderOf(name)?.containerID ?? 'that is gone'}: name another interface`,
    hint: 'give each container interfaces of its own',
    see: seeLink(name),
    errno: 'ENODEV',
  })
}

/** Lends links of the container: records their state and sets them down. @returns them */
export function lendOwn(lending: Lending, links: Link[]): Link[] {
  const { inside, container } = lending
  const states = inNamespace(container, () => links.map((link) => stateOf(inside, link)))
  rememberAll(
    lending,
    states.map((state) => ({ ...state, nameInside: state.name })),
  )
  for (const link of links) ask(inside, changeLink(link, { up: false }))
  return links
}

function rememberAll({ holder, undo, host }: Lending, links: Lent[]): void {
  const home = currentNamespace()
  undo(() => giveBack(host, holder, home))
  remember(holder, links)
}

/** The names in the container of the links that an attachment was lent, in their order. */
export function namesInside(holder: Attachment): string[] {
  return holdings.read(attachmentHash(holder))?.links.map(({ nameInside }) => nameInside) ?? []
}
