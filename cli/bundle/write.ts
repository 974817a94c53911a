/** Puts a bundle together: part after part goes into the archive, and a manifest at its end says what is in it, and what is not. */

import type * as z from 'zod'
import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import type { answer } from '../answers/bundle.ts'
import { masked } from './mask.ts'
import type { Part } from './part.ts'
import { end, entryOf, safePath } from './tar.ts'

export type Bundle = z.infer<typeof answer>

/** Of a whole bundle, bytes. */
const largest = 64 * 1024 * 1024

/** @param top the directory in the archive @param write takes the archive's bytes; nothing is written where it is absent */
export async function writeBundle(
  parts: readonly Part[],
  leftOut: Bundle['leftOut'],
  {
    top,
    write,
    progress,
  }: { top: string; write?: (bytes: Buffer) => void; progress: (text: string) => void },
): Promise<Pick<Bundle, 'files' | 'leftOut' | 'bytes'>> {
  const files: Bundle['files'] = []
  const missing = [...leftOut]
  const taken = new Set<string>()
  const time = Number(wallClock() / 1_000_000_000n)
  let bytes = 0
  const put = (name: string, text: string) => {
    const entry = entryOf(`${top}/${name}`, Buffer.from(text), time)
    bytes += entry.length
    write?.(entry)
  }
  for (const part of parts) {
    progress(`reads ${part.source}`)
    try {
      if (bytes > largest) throw full()
      const { text, cut } = await part.read()
      const shown = masked(text, part.isOurs)
      const name = free(safePath(part.name), taken)
      put(name, shown)
      files.push({ name, source: part.source, bytes: Buffer.byteLength(shown), ...(cut && { cut }) })
    } catch (error) {
      missing.push({ source: part.source, why: toCniError(error).message })
    }
  }
  put('MANIFEST.json', `${JSON.stringify({ files, leftOut: missing }, null, 2)}\n`)
  write?.(end())
  return { files, leftOut: missing, bytes: bytes + end().length }
}

function full(): CniError {
  return new CniError(Code.IoFailure, { msg: `the bundle has ${largest / 1024 / 1024} MB already` })
}

/** A name that no other file of the archive has. */
function free(path: string, taken: Set<string>): string {
  let name = path
  for (let number = 2; taken.has(name); number++) name = `${path}~${number}`
  taken.add(name)
  return name
}
