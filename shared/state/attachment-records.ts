/** Records of attachments, a file each: what ADD has done for it on the host, so that DEL, GC and `patchbay reapply` know it. */

import * as z from 'zod/mini'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import type { Output, Shape } from '../config/schema.ts'
import { findRecordOf, type Recorded } from './former.ts'
import { records } from './records.ts'
import { amongValid } from './valid.ts'

export interface AttachmentRecords<T extends Recorded> {
  /** The record of an attachment under its network's name. Costs the same however many records there are. */
  read(attachment: Attachment): T | undefined
  /** The same, also if the network had another name. */
  find(attachment: Recorded): T | undefined
  /** Whether there is a record under the network's name, or the draft of a killed writer. */
  hasTrace(attachment: Attachment): boolean
  /** Whether the record of an attachment was damaged, and set aside. */
  wasDamaged(attachment: Attachment): boolean
  /** Writes or replaces it. @throws KernelError */
  write(record: T): void
  /** Does nothing when there is none. */
  forget(attachment: Attachment): void
  /** The records of a network's attachments that are not valid any more. For GC. */
  stale(network: string, valid: Omit<Attachment, 'network'>[]): T[]
  all(): T[]
  /** The keys of all records: the names of their files without `.json`. */
  keys(): string[]
  /** The record of a key; undefined when absent or damaged. @throws KernelError when it cannot be read */
  at(key: string): T | undefined
}

/** @param folder below the state directory @param shape makes the shape of what is recorded besides the attachment */
export function attachmentRecords<S extends Shape>(
  folder: string,
  shape: () => S,
): AttachmentRecords<Recorded & Output<z.ZodMiniObject<S>>> {
  type T = Recorded & Output<z.ZodMiniObject<S>>
  const { read, write, remove, names, all, hasTrace, wasDamaged } = records(folder, () =>
    z.object({
      network: z.string(),
      containerID: z.string(),
      ifname: z.string(),
      netns: z.optional(z.string()),
      ...shape(),
    }),
  )
  const every = () => all() as unknown as T[]
  return {
    read: (attachment) => read(attachmentHash(attachment)) as unknown as T | undefined,
    find: (attachment) => findRecordOf(attachment, (key) => read(key) as unknown as T | undefined, names),
    hasTrace: (attachment) => hasTrace(attachmentHash(attachment)),
    wasDamaged: (attachment) => wasDamaged(attachmentHash(attachment)),
    write: (record) => write(attachmentHash(record), record as never),
    forget: (attachment) => remove(attachmentHash(attachment)),
    stale(network, valid) {
      const isValid = amongValid(valid)
      return every().filter((one) => one.network === network && !isValid(one))
    },
    all: every,
    keys: names,
    at: (key) => read(key) as unknown as T | undefined,
  }
}
