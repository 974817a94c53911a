/** Finds what uses a busy parent: the kernel only says EBUSY or EEXIST. Loaded on failure. */

import { CniError, Code, factsOf } from '../error/error.ts'
import type { KernelError } from '../kernel/errno.ts'
import { readDirectory } from '../kernel/files.ts'
import { closeNamespace, inNamespace, openNamespace } from '../kernel/namespace.ts'
import { seeLink } from '../netlink/command.ts'
import { kindFacts } from '../netlink/kinds.ts'
import { findLink, type Link, listLinks } from '../netlink/link.ts'
import { openSocket, Protocol, type Socket } from '../netlink/socket.ts'
import { isAcross } from './parent.ts'

/** Where `ip netns` and the runtimes keep their namespaces' names. */
const names = '/run/netns'

/** The error for a busy parent: it names the device that uses the parent. */
export function busyError(side: Socket, parent: Link, kind: string, cause: KernelError): CniError {
  const { reason, hint } = portOf(side, parent) ?? userOf(side, parent) ?? unknown(parent)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${kind} cannot sit on ${parent.name}: ${reason}`,
    hint,
    ...factsOf(cause),
  })
}

interface Reason {
  reason: string
  hint: string
}

function portOf(side: Socket, parent: Link): Reason | undefined {
  const master = parent.master ? findLink(side, parent.master) : undefined
  if (!master) return undefined
  return {
    reason: `it is a port of ${master.kind ?? 'interface'} ${master.name}`,
    hint: `use ${master.name} as master, or free the NIC: ip link set dev ${parent.name} nomaster`,
  }
}

/** Another device on the parent, which takes all frames that arrive. */
function userOf(side: Socket, parent: Link): Reason | undefined {
  const found = findOn(side, parent, ({ kind }) => kindFacts(kind).parentDriver !== undefined)
  if (!found) return undefined
  const { link, namespace } = found
  const where = namespace ? ` in namespace ${namespace}` : ''
  const command = namespace ? seeFound(found) : `ip link delete ${link.name}`
  return {
    reason: `${link.kind} ${link.name}${where} is on it already, and the two cannot share a parent`,
    hint: `put this network on another parent, or remove the other device from ${parent.name}: ${command}`,
  }
}

/** A link on a parent. `namespace` is a name of `ip netns`, or a path; it is missing if the link is on the parent's side. */
export interface Found {
  link: Link
  namespace?: string
}

/** The command that shows a link where it was found. */
export function seeFound({ link: { name }, namespace }: Found): string {
  const isName = namespace !== undefined && !namespace.startsWith('/')
  return isName ? `ip -n ${namespace} -d link show dev ${name}` : seeLink(name, { netns: namespace })
}

/** A link on a parent, on the parent's side or in any namespace that has a name. */
export function findOn(side: Socket, parent: Link, fits: (link: Link) => boolean): Found | undefined {
  const sitsThere = (link: Link) => link.parent === parent.index && fits(link)
  const here = listLinks(side).find((link) => sitsThere(link) && link.parentNamespace === undefined)
  if (here) return { link: here }
  for (const namespace of namespaces()) {
    const there = linksIn(namespace).find((link) => sitsThere(link) && isAcross(link))
    if (there) return { link: there, namespace }
  }
  return undefined
}

function unknown(parent: Link): Reason {
  return {
    reason: 'another device takes the frames that arrive there',
    hint: `look for its users: ip -d link show; for n in $(ls ${names}); do ip -n $n -d link show; done; the parent is interface ${parent.index}`,
  }
}

function namespaces(): string[] {
  try {
    return readDirectory(names).map(({ name }) => name)
  } catch {
    return []
  }
}

/** The links of a namespace; none if it cannot be opened. */
function linksIn(name: string): Link[] {
  try {
    const namespace = openNamespace(`${names}/${name}`)
    const links = inNamespace(namespace, () => listLinks(openSocket(Protocol.ROUTE)))
    closeNamespace(namespace)
    return links
  } catch {
    return []
  }
}
