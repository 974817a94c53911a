/** Random numbers from the kernel: those of the engine may be the same in each call, since its heap is made at build. */

import { must } from './syscall.ts'

/** At least 0 and less than 1, as Math.random(); of 32 random bits (getrandom(2)). */
export function random(): number {
  const bytes = Buffer.alloc(4)
  must('get random bytes', 'getrandom', bytes, bytes.length, 0)
  return bytes.readUInt32LE(0) / 2 ** 32
}
