/** The records of device nodes, by which DEL and GC find them when the namespace is gone. */

import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { integer, type Output, object, optional, string } from '../config/schema.ts'
import type { Settled } from '../kernel/lock.ts'
import type { Numbers } from '../kernel/node.ts'
import { findRecordOf, type Recorded } from '../state/former.ts'
import { withStateLock } from '../state/lock.ts'
import { pointers } from '../state/pointers.ts'
import { records } from '../state/records.ts'

const number = integer({ min: 0, max: 0xffffffff })

/** A node that was made for an attachment. */
const placed = () =>
  object({
    network: string,
    containerID: string,
    ifname: string,
    netns: optional(string),
    path: string,
    /** The numbers of the device that it leads to. */
    numbers: object({ major: number, minor: number }),
  })

export type Placed = Output<ReturnType<typeof placed>>

/** The records, by the hash of the attachment. */
const nodes = records('nodes', placed)

/** The attachment and path of the node that leads to a device, by the device's numbers. */
const devices = pointers('node-devices')

/** Holds the lock of all nodes. */
export function withNodes<T>(action: () => Settled<T>): T {
  return withStateLock('nodes', action)
}

/** The node of an attachment, also one of a network that has another name now. */
export function readPlaced(attachment: Recorded): Placed | undefined {
  return findRecordOf(attachment, nodes.read, nodes.names)
}

/** Whether an attachment has a record, or a killed ADD left a part of one. */
export function hasTrace(attachment: Attachment): boolean {
  return nodes.hasTrace(attachmentHash(attachment))
}

/** Whether the record of an attachment was damaged, and so is lost. */
export function wasDamaged(attachment: Attachment): boolean {
  return nodes.wasDamaged(attachmentHash(attachment))
}

/** The node that leads to a device; found also when its attachment's record is lost. */
export function ownerOf(numbers: Numbers): Placed | undefined {
  const text = devices.get(nameOf(numbers))
  if (text === undefined) return undefined
  const [network = '', containerID = '', ifname = '', ...path] = text.split(' ')
  return { network, containerID, ifname, path: path.join(' '), numbers }
}

/** The record first: DEL after a crash finds the pointer by it. */
export function recordPlaced(placed: Placed): void {
  const { network, containerID, ifname, path } = placed
  nodes.write(attachmentHash(placed), placed)
  devices.set(nameOf(placed.numbers), [network, containerID, ifname, path].join(' '))
}

/** Removes the pointer, unless it leads to a later attachment with the same numbers. */
export function removePointer(placed: Placed): void {
  if (isSame(ownerOf(placed.numbers), placed)) devices.remove(nameOf(placed.numbers))
}

export function removeRecord(attachment: Attachment): void {
  nodes.remove(attachmentHash(attachment))
}

/** The other attachment whose node is at a path. Reads all records: for errors. */
export function holderOfPath(path: string, than: Attachment): Placed | undefined {
  return nodes.all().find((other) => other.path === path && !isSame(other, than))
}

/** All nodes. For GC. */
export function allPlaced(): Placed[] {
  return nodes.all()
}

function nameOf({ major, minor }: Numbers): string {
  return `${major}:${minor}`
}

function isSame(one: Attachment | undefined, other: Attachment): boolean {
  return one !== undefined && attachmentHash(one) === attachmentHash(other)
}
