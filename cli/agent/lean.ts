/**
 * Gives memory back: that of the heap which the first reading of thousands of keys has needed, and pages of the executable's file that only the
 * start has used. These are unmapped, and read again from the page cache if they are needed.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readFile, readLink } from '../../shared/kernel/files.ts'
import { syscall } from '../../shared/kernel/syscall.ts'

/** include/uapi/asm-generic/mman-common.h */
const MADV_DONTNEED = 4

/** A mapping of this process. */
interface Mapping {
  start: bigint
  length: bigint
}

/** First after the start, then again, milliseconds. */
const FIRST = 10_000
const EVERY = 600_000

/** @returns ends it */
export function stayLean(): () => void {
  const collect = collector()
  const drop = () => {
    collect()
    dropUnused()
  }
  const first = setTimeout(drop, FIRST)
  const timer = setInterval(drop, EVERY)
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}

/** V8 keeps what its heap has grown to, unless it is told that memory is short (`last-resort`): 115 MB where 21 are in use. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect: NodeJS.GCFunction = runInNewContext('gc')
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

function dropUnused(): void {
  const executable = readLink('/proc/self/exe')
  if (executable === undefined) return
  // EMFILE and others: what is not given back now is later.
  const smaps = readOrNothing('/proc/self/smaps')
  for (const { start, length } of unchangedMappings(smaps, executable))
    syscall('madvise', start, length, MADV_DONTNEED)
}

function readOrNothing(path: string): string {
  try {
    return readFile(path)
  } catch {
    return ''
  }
}

/**
 * The mappings of a file that cannot be written and have no page of their own: what they have is what the file has.
 * @param smaps /proc/PID/smaps (proc_pid_smaps(5))
 */
export function unchangedMappings(smaps: string, file: string): Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((text) => {
    const [, start, end, path] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.+)$/m.exec(text) ?? []
    const isUnchanged = /^Anonymous: +0 kB$/m.test(text) && /^Private_Dirty: +0 kB$/m.test(text)
    if (path !== file || !isUnchanged) return []
    const [from, to] = [BigInt(`0x${start}`), BigInt(`0x${end}`)]
    return [{ start: from, length: to - from }]
  })
}
