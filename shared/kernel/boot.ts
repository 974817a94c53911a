/** The identifier of the machine's current boot. */

import { readValueIfAny } from './files.ts'

/** A UUID that the kernel makes at each boot (random(4)); undefined when /proc does not have it. */
export function bootId(): string | undefined {
  return readValueIfAny('/proc/sys/kernel/random/boot_id') || undefined
}
