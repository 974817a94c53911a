/** What an interface plugin says of its device; the life around it is shared (plugin.ts). */

import type { ConfigSchema, Network, Reconciled, Request } from '../cni/plugin.ts'
import type { Dns, Interface, Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import type { RouteSpec } from '../netlink/route.ts'
import type { Dad } from './configure.ts'
import type { Undo } from './undo.ts'
import type { Wiring } from './wiring.ts'

/** What every interface plugin's configuration may say. */
export interface InterfaceConfig {
  ipam?: { type?: string; probe?: boolean }
  dns?: Dns
}

/** One attachment being worked on. */
export interface Life<Config> extends Wiring {
  request: Request<Config>
  undo: Undo
}

/** A link on the wire that the container will be on: in its namespace, or on the host. */
export interface ProbingLink {
  link: Link
  isInside: boolean
}

/** What is a device's own; everything else is shared. `Made` is what its create leaves for the later steps. */
export interface Device<Config extends InterfaceConfig, Made> {
  name: string
  summary: string
  config: ConfigSchema<Config>
  /** The layer 2 segment of a network's containers, as Plugin has it. */
  segment?(config: Config): string | undefined
  /** Refuses what cannot work, before anything is touched. */
  prepare?(request: Request<Config>): void
  /** Makes the interface, under its final name, in the container's namespace. */
  create(life: Life<Config>): Made | Promise<Made>
  /** The host's interfaces, for the result. */
  interfaces(made: Made): Interface[]
  /** What must be in place before the container's end is up. */
  guard?(life: Life<Config>, made: Made, link: Link): Promise<void>
  /** Addresses of a network without IPAM: from the plugin before, in a chain. */
  given?(request: Request<Config>): Result | undefined
  /** Completes what IPAM said (gateways, default routes) before the interface gets it, or refuses what cannot work. */
  complete?(lease: Result, config: Config, made: Made): Result
  /** Routes of the container that IPAM's rest on. Where a device has its own, addresses bring no subnet route. */
  onLink?(result: Result, link: Link): RouteSpec[]
  /** The host's side, once the addresses are known: gateway, masquerade, forwarding. @returns further interfaces */
  connect?(life: Life<Config>, made: Made, result: Result): Promise<Interface[]>
  /** Waits until frames pass, so that the announcement is heard. */
  settle?(life: Life<Config>, made: Made): void
  /** Where a probe for addresses is sent and answered, when answers do not reach the container's own interface. */
  probesBy?(life: Life<Config>, made: Made): ProbingLink | undefined
  /** What others may rely on as soon as it is so; done when nothing else can fail any more. */
  finish?(life: Life<Config>, result: Result): void
  /** Announces as it comes up, not by setting its MAC address: the kernel refuses that, or forgets its neighbours by it. */
  announcesWhenUp?: boolean
  /** Whether the container's end stays down and bare. */
  isBare?(config: Config): boolean
  dad?(config: Config): Dad
  /** Steps of DEL beside the container's interface and its addresses. Nothing may be taken for granted. */
  remove?(request: Request<Config>): (() => unknown)[]
  /** Why the interface may be gone although nobody touched this attachment. */
  vanishes?: string
  /** What CHECK must find besides the container's interface, its addresses and routes. */
  check?(wiring: Wiring, request: Request<Config>, prevResult: Result): void | Promise<void>
  status?(request: Request<Config>): void | Promise<void>
  gc?(request: Request<Config>): (() => unknown)[]
  /** Brings what containers share to the configuration, without an ADD. */
  reconcile?(network: Network<Config>): Reconciled[]
}
