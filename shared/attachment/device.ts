/** The seam: what a plugin provides for its device. The life of an attachment is the same for all plugins (add.ts, plugin.ts). */

import type { Request } from '../cni/plugin.ts'
import type { Dns, Interface, Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import type { BringUp } from './configure.ts'
import type { Sides } from './sides.ts'
import type { Undo } from './undo.ts'

/** The keys that every interface plugin's configuration may have. */
export interface InterfaceConfig {
  ipam?: { type?: string; probe?: boolean }
  dns?: Dns
  keepDefaultRoute?: boolean
  ifname?: string
}

/** An attachment while ADD works on it. */
export interface Life<Config> extends Sides {
  request: Request<Config>
  undo: Undo
}

/**
 * What ADD gives the container:
 * - `interface`: `create` makes it in the container's namespace, under its final name; DEL deletes it;
 * - `lent`: the same, but DEL does not delete it: one of the device's traces takes it back;
 * - `addresses`: only addresses, for a device that a program drives without the kernel;
 * - `nothing`: the device changes existing interfaces, and passes the result of the earlier plugins on.
 */
export type Gives = 'interface' | 'lent' | 'addresses' | 'nothing'

/** Whether ADD gives the container an interface. */
export function givesInterface(gives: Gives = 'interface'): boolean {
  return gives === 'interface' || gives === 'lent'
}

/** What an attachment leaves behind when the container's interface is deleted, so that DEL and GC must remove it. */
export interface Trace<Config = unknown> {
  /** For DEL. What is gone counts as done. The configuration was parsed leniently: any key may be missing or invalid. */
  remove(request: Request<Config>): unknown
  /** For GC: the same for attachments of the network that are not valid any more. */
  collect?(request: Request<Config>): unknown
}

/** The link that probes are sent from: in the container's namespace, or on the host. */
export interface ProbingLink {
  link: Link
  isInside: boolean
}

/** What `create` returns for the later hooks; a device may add fields of its own. */
export interface Made {
  /** The host's interfaces, which come before the container's in the result. */
  interfaces?: Interface[]
  /** Where probes are sent from, if answers do not reach the container's interface. */
  probesBy?: ProbingLink
}

/** What `connect` adds to the result. */
export interface Connected {
  /** Further interfaces, after the container's. */
  interfaces?: Interface[]
  /** Further fields of the container's interface. */
  own?: Partial<Interface>
}

/** What differs from device to device. Only `create` is required. The hooks of ADD are called in this order. */
export interface Device<Config extends InterfaceConfig, Own extends Made = Made> {
  /** Default: `interface`. */
  gives?: Gives
  /** The traces that DEL and GC remove besides the container's interface and its addresses, in this order. */
  leaves?: readonly Trace<Config>[]
  /** Why the interface may be gone although DEL did not run: words for CHECK's error. */
  vanishes?: string

  /** Refuses what cannot work, before anything is changed. A promise is awaited. */
  prepare?(request: Request<Config>): unknown
  /** Makes the device. */
  create(life: Life<Config>): Own | void | Promise<Own> | Promise<void>
  /** Completes IPAM's result (gateways, default routes), or refuses what cannot work. */
  complete?(lease: Result, life: Life<Config>, made: Own): Result
  /** How the container's interface comes up. CHECK calls it too. */
  bringUp?(config: Config, lease: Result, link: Link): BringUp
  /** Configures the host's side, now that the addresses are known: gateway, routes, masquerade. */
  connect?(
    life: Life<Config>,
    made: Own,
    lease: Result,
  ): Connected | void | Promise<Connected> | Promise<void>
  /** Waits until frames pass, so that probes and announcements are not lost. */
  settle?(life: Life<Config>, made: Own): void
  /** The last step: changes that other attachments may rely on from then on, such as forwarding. */
  finish?(life: Life<Config>, lease: Result): void
  /** Explains why ADD failed; called after everything was undone. @returns what to throw */
  explain?(error: unknown, request: Request<Config>): unknown

  /** CHECK: MAC addresses that the interface may rightly have by now, besides that of ADD. Called only if it has another. */
  macs?(sides: Sides, request: Request<Config>): string[]
  /** CHECK of everything but the container's interface, its addresses and routes. */
  check?(sides: Sides, request: Request<Config>, prevResult: Result): void | Promise<void>
  /** Throws if the next ADD would fail. */
  status?(request: Request<Config>): void | Promise<void>
}
