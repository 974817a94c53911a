/** Qdiscs: what queues the packets that a link sends, and `ingress`, which takes filters for those that it receives. */

import * as rt from 'netlink/dist/rt/structs.js'
import type { StreamData } from 'netlink/dist/structs.js'
import { isErrno, tolerate } from '../kernel/errno.ts'
import type { LinkName } from './link.ts'
import { ask, dump, Flag, type Request, type Socket } from './socket.ts'
import {
  handleWords,
  INGRESS_HANDLE,
  Parent,
  parseTc,
  seeTc,
  type TcObject,
  tcMessage,
} from './traffic-control.ts'

const { NEWQDISC, DELQDISC, GETQDISC } = rt.MessageType

/** A kind of qdisc with its options. */
export interface QdiscKind {
  kind: string
  options?: StreamData
  /** The options in tc's words. */
  words?: string
}

/** Where a new qdisc hangs, and its own handle. */
interface Hook {
  parent: number
  handle: number
}

/** `tc qdisc add dev LINK parent PARENT handle HANDLE KIND …`; EEXIST when there is one that was made before. */
export function newQdisc(
  link: LinkName,
  { parent, handle }: Hook,
  { kind, options, words }: QdiscKind,
): Request {
  return {
    type: NEWQDISC,
    flags: Flag.CREATE | Flag.EXCL,
    payload: tcMessage({ index: link.index, handle, parent }, kind, options),
    attempt: `add the qdisc ${kind} to ${link.name}`,
    see: seeTc('qdisc', link),
    get reproduce() {
      const where = parent === Parent.ROOT ? 'root' : `parent ${handleWords(parent)}`
      return ['tc qdisc add dev', link.name, where, 'handle', handleWords(handle), kind, words]
        .filter(Boolean)
        .join(' ')
    },
  }
}

/** `tc qdisc add dev LINK ingress` */
export function newIngress(link: LinkName): Request {
  const request = newQdisc(link, { parent: Parent.INGRESS, handle: INGRESS_HANDLE }, { kind: 'ingress' })
  return { ...request, reproduce: `tc qdisc add dev ${link.name} ingress` }
}

/**
 * `tc qdisc del dev LINK root handle HANDLE`, or `ingress`, with what hangs on it; EINVAL when there is one with another
 * handle, or none but the kernel's own, ENOENT when there is none.
 */
export function removeQdisc(link: LinkName, { parent, handle }: Hook): Request {
  const what = handleWords(parent)
  return {
    type: DELQDISC,
    flags: 0,
    payload: tcMessage({ index: link.index, handle, parent }),
    attempt: `delete the qdisc ${handleWords(handle)} of ${link.name}`,
    see: seeTc('qdisc', link),
    reproduce: `tc qdisc del dev ${link.name} ${what}`,
  }
}

/** The hook of the qdisc `ingress`. */
export const ingress: Hook = { parent: Parent.INGRESS, handle: INGRESS_HANDLE }

/** Deletes a qdisc if the link has it, with this handle. */
export function removeQdiscIfThere(socket: Socket, link: LinkName, hook: Hook): void {
  tolerate(() => ask(socket, removeQdisc(link, hook)), 'EINVAL', 'ENOENT', 'ENODEV')
}

/**
 * The qdisc at a place of a link, or undefined when there is none, or only one of the kernel's own. Equivalent to `tc qdisc show dev LINK`. The
 * kernel answers before Linux 6.6 only a request with NLM_F_ECHO (qdisc_notify, net/sched/sch_api.c).
 */
export function findQdisc(socket: Socket, link: LinkName, parent: number): TcObject | undefined {
  const request: Request = {
    type: GETQDISC,
    flags: Flag.ECHO,
    payload: tcMessage({ index: link.index, parent }),
    attempt: `look up a qdisc of ${link.name}`,
    see: seeTc('qdisc', link),
  }
  const [reply] = tolerate(() => ask(socket, request), 'ENOENT', 'EINVAL', 'ENODEV') ?? []
  return reply && parseTc(reply)
}

/** Index of lo, in every namespace. */
const LOOPBACK = { index: 1, name: 'lo' }

/**
 * Whether the kernel has a kind of qdisc, or can load it. Changes nothing: no other kind may stand in the place of `ingress`, and the kernel looks for the kind
 * first (qdisc_create, net/sched/sch_api.c).
 */
export function hasQdisc(socket: Socket, kind: string): boolean {
  try {
    ask(socket, newQdisc(LOOPBACK, { parent: Parent.INGRESS, handle: 0 }, { kind }))
  } catch (error) {
    return !isErrno(error, 'ENOENT')
  }
  return true
}

/** The qdiscs of all links that were made, not the kernel's own. Equivalent to `tc qdisc show`. For GC: it takes long on a busy host. */
export function listQdiscs(socket: Socket): TcObject[] {
  const request = {
    type: GETQDISC,
    payload: tcMessage({ index: 0 }),
    attempt: 'list qdiscs',
    see: 'tc qdisc show',
  }
  return dump(socket, request).map(parseTc)
}
