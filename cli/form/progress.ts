/** One line on the terminal that says what long work does now. */

import { plain } from '../../shared/error/log.ts'
import { now } from '../../shared/kernel/clock.ts'
import { writeAll } from '../../shared/kernel/files.ts'
import { columnsOf } from '../../shared/kernel/terminal.ts'
import { cut } from './table.ts'

/** Shorter work says nothing, in milliseconds. */
const PATIENCE = 1000

/** The line is written at most this often, in milliseconds. */
const INTERVAL = 100

export interface Progress {
  show(text: string): void
  /** Before other output. */
  clear(): void
}

/** The line at the end of a terminal. Writes nothing to what is no terminal. */
export function progressLine(fd: number): Progress {
  const start = now()
  let last = start + PATIENCE - INTERVAL
  let isShown = false
  const write = (text: string) => writeAll(fd, Buffer.from(`\r\u001b[K${text}`))
  return {
    show(text) {
      if (now() - last < INTERVAL) return
      const width = columnsOf(fd)
      last = now()
      if (width === undefined) return
      write(cut(plain(text), width - 1))
      isShown = true
    },
    clear() {
      if (isShown) write('')
      isShown = false
    },
  }
}
