/** Whose frames are captured: the namespace of a container, or the host's. */

import { CniError, Code } from '../../shared/error/error.ts'
import { inNamespace, openNamespaceIfAny } from '../../shared/kernel/namespace.ts'
import { type Link, listLinks } from '../../shared/netlink/link.ts'
import { openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { findContainer } from '../attachments/find.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean } from '../form/slip.ts'
import { viewHost } from '../host/attachment-view.ts'
import { pathInto } from '../host/inside.ts'
import type { LeftOut } from '../host/left-out.ts'

/** Does something in the namespace. */
export type Inside = <T>(action: () => T) => T

/** @param word `host`, a path, the name of a namespace, or what names a container @throws CniError */
export function namespaceOf(word: string, leftOut: LeftOut): Inside {
  if (word === 'host') return (action) => action()
  const direct = openNamespaceIfAny(word.startsWith('/') ? word : `/run/netns/${word}`)
  const path = direct
    ? undefined
    : pathInto(findContainer(word, viewHost(leftOut).attachments)[0]?.places ?? [], true)
  const found = direct ?? (path ? openNamespaceIfAny(path) : undefined)
  if (found) return (action) => inNamespace(found, action)
  throw new CniError(Code.UnknownContainer, {
    msg: `the namespace of container ${JSON.stringify(word.slice(0, 80))} is not there: it has ended, or only root sees it`,
    hint: 'patchbay ls shows the containers; patchbay gc deletes what ended ones have left',
  })
}

/** All links of a namespace, and the one that is captured: undefined for all. @throws CniError when there is none of the name */
export function linksOf(inside: Inside, name: string | undefined): { links: Link[]; link: Link | undefined } {
  const links = inside(() => listLinks(openSocket(Protocol.ROUTE)))
  const link = links.find((one) => one.name === name || one.altNames?.includes(name ?? ''))
  if (name === undefined || link) return { links, link }
  const names = links.map((one) => one.name)
  throw misuse(
    `no interface ${JSON.stringify(name)}${didYouMean(name, names)}`,
    `there are ${names.slice(0, 20).join(', ')}`,
  )
}
