/** The identifier of the machine's current boot. */

import { readValueIfAny } from './files.ts'

let known: { id: string | undefined } | undefined

/** A UUID that the kernel makes at each boot (random(4)); undefined when /proc does not have it. A process lives in one boot: it is read once. */
export function bootId(): string | undefined {
  known ??= { id: readValueIfAny('/proc/sys/kernel/random/boot_id') || undefined }
  return known.id
}

/** For tests, in which one process runs calls of several boots. */
export function forgetBootId(): void {
  known = undefined
}
