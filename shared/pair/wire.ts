/** A wire: a cable between two containers; its name, and the record of its ends. */

import type { InterfaceConfig } from '../attachment/device.ts'
import type { MacConfig } from '../attachment/mac.ts'
import { hashedName } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { list, type Output, object, oneOf, string } from '../config/schema.ts'
import type { Settled } from '../kernel/lock.ts'
import type { PairKind } from '../netlink/pair.ts'
import { withStateLock } from '../state/lock.ts'
import { records } from '../state/records.ts'
import type { PairConfig } from './host-end.ts'

/** The keys of a wire's configuration. */
export interface WireConfig extends InterfaceConfig, MacConfig, PairConfig {
  wire?: string
}

/** One end of a wire, as its ADD left it in a container. */
const end = object({ containerID: string, ifname: string, netns: string })

/** The kernel does not tell in which namespaces the ends are; the record does. Everything else is looked up there. */
const wire = () =>
  object({
    network: string,
    /** As the configuration names it. */
    wire: string,
    /** The kind of its two interfaces. */
    kind: oneOf('veth', 'vxcan'),
    ends: list(end),
  })

export type Wire = Output<ReturnType<typeof wire>>
export type End = Wire['ends'][number]

/** The records, by the wire's ID. */
const wires = records('wires', wire)

/** The wire of a configuration, without ends. */
export function wireOf({ network, config }: Request<WireConfig>, kind: PairKind): Wire {
  return { network, wire: config.wire ?? network, kind, ends: [] }
}

/** The prefix of a waiting end's name. */
const prefixes = { veth: 'wire', vxcan: 'vxcn' } as const

/** A wire's ID on this host: the name of the waiting end, and the alias of the ends in containers. */
export function idOf({ network, wire, kind }: Wire): string {
  return hashedName(prefixes[kind], `${network}/${wire}`)
}

/** Holds the lock of all wires: looking up the ends and taking one are one step for other processes. */
export function withWires<T>(action: () => Settled<T>): T {
  return withStateLock('wires', action)
}

/** The ends that are recorded. */
export function readEnds(wire: Wire): End[] {
  return wires.read(idOf(wire))?.ends ?? []
}

/** Whether a record says that an attachment has an end, or a killed ADD left a part of a record. */
export function hasTraceOf(wire: Wire, attachment: Omit<End, 'netns'>): boolean {
  const ends = readEnds(wire)
  return ends.some((end) => isSame(end, attachment)) || (ends.length === 0 && wires.hasTrace(idOf(wire)))
}

export function writeEnds(wire: Wire, ends: End[]): void {
  wires.write(idOf(wire), { ...wire, ends })
}

export function forgetWire(wire: Wire): void {
  wires.remove(idOf(wire))
}

/** All recorded wires. */
export function allWires(): Wire[] {
  return wires.all()
}

/** The end that an attachment has, or is to have. */
export function endOf({ containerID, ifname, netns }: Request): End {
  return { containerID, ifname, netns }
}

export function isSame(one: Omit<End, 'netns'>, other: Omit<End, 'netns'>): boolean {
  return one.containerID === other.containerID && one.ifname === other.ifname
}
