/** Reads standard input: the configuration that the runtime writes. Bounded in size and in time, so that no call lasts for ever. */

import { maximumBytes, tooLarge } from '../config/json.ts'
import { CniError, Code } from '../error/error.ts'
import { now, waitReadable } from '../kernel/clock.ts'
import { must } from '../kernel/syscall.ts'
import { isTerminal } from '../kernel/terminal.ts'

const STDIN = 0
/** The first read, bytes: most configurations fit. A later one is as large as all before. */
const CHUNK = 4096
/** A runtime has the configuration at hand before it starts the plugin. */
const LONGEST_MILLISECONDS = 60_000

/** Reads all of standard input; a terminal counts as empty, so that the plugin does not wait for it. @throws CniError of code 5 or 6, KernelError */
export function readInput(): string {
  if (isTerminal(STDIN)) return ''
  const end = now() + LONGEST_MILLISECONDS
  const chunks: Buffer[] = []
  for (let size = 0; ; ) {
    const chunk = readChunk(end, Math.max(CHUNK, size))
    if (chunk.length === 0) return Buffer.concat(chunks).toString()
    chunks.push(chunk)
    size += chunk.length
    if (size > maximumBytes) throw tooLarge('network config')
  }
}

/** What is there to read; nothing at the end of the file. */
function readChunk(end: number, size: number): Buffer {
  if (!waitReadable(STDIN, end - now())) throw endless()
  const chunk = Buffer.alloc(size)
  return chunk.subarray(0, must('read stdin', 'read', STDIN, chunk, size))
}

function endless(): CniError {
  return new CniError(Code.IoFailure, {
    msg: `error reading from stdin: it did not end within ${LONGEST_MILLISECONDS / 1000} s`,
    hint: 'the runtime must write the configuration to standard input and close it',
  })
}
