/** A wire by its name, and what is remembered of it: who has its ends. */

import type { InterfaceConfig } from '../attachment/device.ts'
import type { MacConfig } from '../attachment/mac.ts'
import { hashedName } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { list, type Output, object, oneOf, string } from '../cni/schema.ts'
import type { Settled } from '../kernel/lock.ts'
import type { PairKind } from '../netlink/pair.ts'
import { withStateLock } from '../state/lock.ts'
import { records } from '../state/records.ts'
import type { PairConfig } from './host-end.ts'

/** What a wire is configured by. */
export interface WireConfig extends InterfaceConfig, MacConfig, PairConfig {
  wire?: string
}

/** One end of a wire, as its ADD left it in a container. */
const end = object({ containerID: string, ifname: string, netns: string })

/** What the kernel cannot be asked: in which namespaces to look for the ends. Never believed beyond that. */
const wire = object({
  network: string,
  /** As the configuration names it. */
  wire: string,
  /** What it is made of. */
  kind: oneOf('veth', 'vxcan'),
  ends: list(end),
})

export type Wire = Output<typeof wire>
export type End = Wire['ends'][number]

/** By what identifies a wire on this host. */
const wires = records('wires', wire)

/** The wire of a configuration, without ends. */
export function wireOf({ network, config }: Request<WireConfig>, kind: PairKind): Wire {
  return { network, wire: config.wire ?? network, kind, ends: [] }
}

/** What a waiting end's name begins with. */
const prefixes = { veth: 'wire', vxcan: 'vxcn' } as const

/** What identifies a wire on this host: the name of the end that waits, and the alias of the others. */
export function idOf({ network, wire, kind }: Wire): string {
  return hashedName(prefixes[kind], `${network}/${wire}`)
}

/** The lock of all wires: looking who has the ends and giving one away are one step to other processes. */
export function withWires<T>(action: () => Settled<T>): T {
  return withStateLock('wires', action)
}

/** Who had the ends last. */
export function readEnds(wire: Wire): End[] {
  return wires.read(idOf(wire))?.ends ?? []
}

export function writeEnds(wire: Wire, ends: End[]): void {
  wires.write(idOf(wire), { ...wire, ends })
}

export function forgetWire(wire: Wire): void {
  wires.remove(idOf(wire))
}

/** All wires of a network that are remembered. */
export function wiresOf(network: string): Wire[] {
  return wires.all().filter((wire) => wire.network === network)
}

/** The end that an attachment has, or is to have. */
export function endOf({ containerID, ifname, netns }: Request): End {
  return { containerID, ifname, netns }
}

export function isSame(one: Omit<End, 'netns'>, other: Omit<End, 'netns'>): boolean {
  return one.containerID === other.containerID && one.ifname === other.ifname
}
