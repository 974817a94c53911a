/** Which boot of the machine this is. */

import { readFileIfAny } from './files.ts'

/** The kernel's name for its present life, a UUID (random(4)); undefined where /proc does not tell. */
export function bootId(): string | undefined {
  return readFileIfAny('/proc/sys/kernel/random/boot_id')?.trim() || undefined
}
