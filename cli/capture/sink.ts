/** Where captured frames go: a pcapng file, or a line each. */

import { ANEW, close, type Fd, open, writeAll } from '../../shared/kernel/files.ts'
import { isTerminal } from '../../shared/kernel/terminal.ts'
import { version } from '../../shared/version.ts'
import { misuse } from '../form/arguments.ts'
import type { Call } from '../form/verb.ts'
import type { Frame } from './frames.ts'
import { lineOf } from './line.ts'
import { interfaceBlock, packetBlock, sectionBlock } from './pcapng.ts'

export interface Sink {
  /** @param name of the frame's interface */
  take(frame: Frame, name: string): void
  /** Nothing waits: what was taken is written. */
  flush(): void
  close(): void
  /** Whether what is taken reaches no reader any more. */
  isUnread(): boolean
}

/** A line for each frame. */
export function linesTo({ out, isUnread }: Pick<Call, 'out' | 'isUnread'>): Sink {
  return { take: (frame, name) => out(lineOf(frame, name)), flush() {}, close() {}, isUnread }
}

const STDOUT = 1

/** Bytes that wait to be written, at most. */
const ROOM = 262_144

/**
 * A file, which only its owner can read; `-` is standard output. What is written ends with a whole block at any time.
 * @param comment what is captured
 * @throws CniError for a terminal
 */
export function fileAt(path: string, comment: string): Sink {
  const fd = openAt(path)
  let waiting: Buffer[] = [sectionBlock(`patchbay ${version}`, comment)]
  let bytes = 0
  const places = new Map<number, number>()
  const flush = () => {
    if (waiting.length > 0) writeAll(fd, Buffer.concat(waiting), path)
    waiting = []
    bytes = 0
  }
  return {
    flush,
    // A write to a pipe that is not read is an error.
    isUnread: () => false,
    take(frame, name) {
      const place = places.get(frame.link) ?? places.size
      if (place === places.size) waiting.push(interfaceBlock(name, frame))
      places.set(frame.link, place)
      const block = packetBlock(frame, place)
      waiting.push(block)
      bytes += block.length
      if (bytes > ROOM) flush()
    },
    close() {
      flush()
      if (fd !== STDOUT) close(fd)
    },
  }
}

function openAt(path: string): Fd {
  if (path !== '-') return open(path, ANEW, 0o600)
  if (isTerminal(STDOUT))
    throw misuse(
      'standard output is a terminal, which cannot show a file of frames',
      'write it to a file, or leave out -w',
    )
  return STDOUT
}
