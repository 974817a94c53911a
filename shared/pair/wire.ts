/** A wire by its name, and what is remembered of it: who has its ends. */

import type { InterfaceConfig } from '../attachment/device.ts'
import type { MacConfig } from '../attachment/mac.ts'
import { hashedName } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import { makeDirectory, readDirectory, readFileIfAny, removeTree, writeFile } from '../kernel/files.ts'
import type { Settled } from '../kernel/lock.ts'
import type { PairKind } from '../netlink/pair.ts'
import { withStateLock } from '../state/lock.ts'
import type { PairConfig } from './host-end.ts'

/** What a wire is configured by. */
export interface WireConfig extends InterfaceConfig, MacConfig, PairConfig {
  wire?: string
}

const state = '/run/patchbay'
const records = `${state}/wires`

/** One end of a wire, as its ADD left it in a container. */
export interface End extends Pick<Attachment, 'containerID' | 'ifname'> {
  netns: string
}

/** What the kernel cannot be asked: in which namespaces to look for the ends. Never believed beyond that. */
export interface Wire extends Pick<Attachment, 'network'> {
  /** As the configuration names it. */
  wire: string
  /** What it is made of. */
  kind: PairKind
  ends: End[]
}

/** The wire of a configuration, with nobody at its ends. */
export function wireOf({ network, config }: Request<WireConfig>, kind: PairKind): Wire {
  return { network, wire: config.wire ?? network, kind, ends: [] }
}

/** What a waiting end's name begins with. */
const prefixes = { veth: 'wire', vxcan: 'vxcn' } as const

/** What identifies a wire on this host: the name of the end that waits, and the alias of the others. */
export function idOf({ network, wire, kind }: Wire): string {
  return hashedName(prefixes[kind], `${network}/${wire}`)
}

/** Holds the lock of all wires: looking who has the ends and giving one away are one step to everybody else. */
export function withWires<T>(action: () => Settled<T>): T {
  makeDirectory(records)
  return withStateLock('wires', action)
}

/** Who had the ends last; nobody when there is no record, or it is damaged. */
export function readEnds(wire: Wire): End[] {
  return readRecord(idOf(wire))?.ends ?? []
}

export function writeEnds(wire: Wire, ends: End[]): void {
  makeDirectory(directoryOf(idOf(wire)))
  writeFile(recordOf(idOf(wire)), JSON.stringify({ ...wire, ends }))
}

/** Forgets a wire, and what writers that were killed have left. */
export function forgetWire(wire: Wire): void {
  removeTree(directoryOf(idOf(wire)))
}

function directoryOf(id: string): string {
  return `${records}/${id}`
}

function recordOf(id: string): string {
  return `${directoryOf(id)}/ends`
}

/** All wires of a network that are remembered. */
export function wiresOf(network: string): Wire[] {
  const ids = tolerate(() => readDirectory(records), 'ENOENT') ?? []
  return ids.flatMap(({ name }) => readRecord(name) ?? []).filter((wire) => wire.network === network)
}

function readRecord(id: string): Wire | undefined {
  const text = readFileIfAny(recordOf(id))
  try {
    const { network, wire, kind, ends } = JSON.parse(text ?? '')
    return Array.isArray(ends) && ends.every(isEnd) ? { network, wire, kind, ends } : undefined
  } catch {
    return undefined
  }
}

/** Whatever stands in the file. */
function isEnd(value: unknown): value is End {
  const { containerID, ifname, netns } = (value ?? {}) as Partial<End>
  return [containerID, ifname, netns].every((text) => typeof text === 'string')
}

/** The end that an attachment has, or is to have. */
export function endOf({ containerID, ifname, netns }: Request): End {
  return { containerID, ifname, netns }
}

export function isSame(one: Omit<End, 'netns'>, other: Omit<End, 'netns'>): boolean {
  return one.containerID === other.containerID && one.ifname === other.ifname
}
