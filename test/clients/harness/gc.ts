/** `patchbay gc` in a client's root, as an operator runs it there. */

import { until } from '../../harness/until.ts'
import type { Client } from './client.ts'

export interface Collector {
  /** @returns the lines of its output @throws when it fails */
  gc(...words: string[]): string[]
  /** Waits until the kernel has ended what was killed, and runs gc. */
  collect(): Promise<string[]>
}

/** @param patchbay the executable in the root */
export function collectorOf({ run }: Client, patchbay: string): Collector {
  const gc = (...words: string[]) =>
    run(patchbay, 'gc', ...words)
      .trim()
      .split('\n')
  const collect = async () => {
    const isSeen = () => gc('--dry-run').some((line) => line.endsWith(' would be deleted'))
    await until('gc sees that a container has ended', isSeen)
    return gc()
  }
  return { gc, collect }
}
