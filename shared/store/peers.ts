/** What ADD of vxlan with `"peers": "store"` tells `patchbay agent`, by records: which VNIs this host serves, and with `arpSuppress` who is attached. */

import * as z from 'zod/mini'
import { integer, ip, list, mac, type Output, object } from '../config/schema.ts'
import { attachmentRecords } from '../state/attachment-records.ts'
import { records } from '../state/records.ts'

/** A VTEP of this host. */
const vtep = object({
  vni: integer({ min: 0, max: 0xffffff }),
  /** The name of the link. */
  vtep: z.string(),
  /** Where it receives: an address of this host in the underlay, and the UDP port. */
  address: ip,
  port: integer({ min: 1, max: 65535 }),
})
export type ServedVtep = Output<typeof vtep>

/** Below the state directory. The records of VTEPs are under the links' names. */
export const vtepFolder = 'peers/vteps'
export const attachedFolder = 'peers/attached'

const vteps = records(vtepFolder, () => vtep)

/** The record of a VTEP; undefined when absent or damaged. */
export const readServed = (name: string): ServedVtep | undefined => vteps.read(name)

/** All VTEPs that the agent is to care for. */
export const allServed = (): ServedVtep[] => vteps.all()

/** Whether there is a record of a VTEP, or the draft of a writer that was killed. */
export const hasServed = (name: string): boolean => vteps.hasTrace(name)

/** Does nothing when there is none. */
export const forgetServed = (name: string): void => vteps.remove(name)

/** Writes the record, if there is none that says the same: each change wakes the agent. The caller holds the segment's lock. */
export function tellServed(served: ServedVtep): void {
  const { vni, vtep, address, port } = served
  const before = vteps.read(vtep)
  if (before?.vni === vni && before.address === address && before.port === port) return
  vteps.write(vtep, served)
}

/** An attachment that other hosts are to know: its VNI, and the MAC and IP addresses of the container's interface. */
export const attached = attachmentRecords(attachedFolder, () => ({
  vni: integer({ min: 0, max: 0xffffff }),
  mac,
  addresses: list(ip),
}))

export type Attached = ReturnType<typeof attached.all>[number]
