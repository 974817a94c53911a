/** The seam: what a plugin says of its device. The life of an attachment is the same for all (add.ts, plugin.ts). */

import type { Request } from '../cni/plugin.ts'
import type { Dns, Interface, Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import type { BringUp } from './configure.ts'
import type { Sides } from './sides.ts'
import type { Undo } from './undo.ts'

/** What every interface plugin's configuration may say. */
export interface InterfaceConfig {
  ipam?: { type?: string; probe?: boolean }
  dns?: Dns
}

/** One attachment being worked on. */
export interface Life<Config> extends Sides {
  request: Request<Config>
  undo: Undo
}

/**
 * What ADD gives the container:
 * - `interface`: `create` makes it, under its final name, in the container's namespace; DEL deletes it;
 * - `lent`: the same, but DEL never deletes it: a trace takes it back;
 * - `addresses`: only addresses, for a device that a program drives without the kernel;
 * - `nothing`: the device works on what is there already, and the result of the plugins before is passed on.
 */
export type Gives = 'interface' | 'lent' | 'addresses' | 'nothing'

/** Whether there is an interface to configure. */
export function givesInterface(gives: Gives = 'interface'): boolean {
  return gives === 'interface' || gives === 'lent'
}

/** Something on the host that belongs to an attachment and does not go with the container's interface. */
export interface Trace<Config = unknown> {
  /** DEL. What is gone counts as done, and nothing may be taken for granted: the configuration was read leniently. */
  remove(request: Request<Config>): unknown
  /** GC: the same for attachments of the network that are not valid any more. */
  collect?(request: Request<Config>): unknown
}

/** A link by which addresses are probed: in the container's namespace, or on the host. */
export interface ProbingLink {
  link: Link
  isInside: boolean
}

/** What `create` leaves for the later hooks: what every device may tell, and more of its own. */
export interface Made {
  /** The host's interfaces, which come before the container's in the result. */
  interfaces?: Interface[]
  /** Where addresses are probed, when answers do not reach the container's own interface. */
  probesBy?: ProbingLink
}

/** What `connect` adds to the result. */
export interface Connected {
  /** Further interfaces, after the container's. */
  interfaces?: Interface[]
  /** More of the container's interface. */
  own?: Partial<Interface>
}

/** What is a device's own. Each hook but `create` may be left out; they are called in this order. */
export interface Device<Config extends InterfaceConfig, Own extends Made = Made> {
  /** Default: `interface`. */
  gives?: Gives
  /** What DEL and GC remove besides the container's interface and its addresses, in this order. */
  leaves?: readonly Trace<Config>[]
  /** Why the interface may be gone although DEL did not run; CHECK says so. */
  vanishes?: string

  /** Refuses what cannot work, before anything is touched. */
  prepare?(request: Request<Config>): void
  create(life: Life<Config>): Own | void | Promise<Own> | Promise<void>
  /** Completes what IPAM said (gateways, default routes), or refuses what cannot work. */
  complete?(lease: Result, life: Life<Config>, made: Own): Result
  /** How the container's interface comes up. CHECK asks again. */
  bringUp?(config: Config, lease: Result, link: Link): BringUp
  /** The host's side, once the addresses are known: gateway, masquerade, forwarding. */
  connect?(
    life: Life<Config>,
    made: Own,
    lease: Result,
  ): Connected | void | Promise<Connected> | Promise<void>
  /** Waits until frames pass, so that a probe or an announcement is heard. */
  settle?(life: Life<Config>, made: Own): void
  /** What other attachments rely on once it is done; nothing can fail any more. */
  finish?(life: Life<Config>, lease: Result): void
  /** Explains why ADD failed, once all has been taken back. @returns what to throw */
  explain?(error: unknown, request: Request<Config>): unknown

  /** What CHECK must find besides the container's interface, its addresses and routes. */
  check?(sides: Sides, request: Request<Config>, prevResult: Result): void | Promise<void>
  /** Throws when the next ADD is sure to fail. */
  status?(request: Request<Config>): void | Promise<void>
}
