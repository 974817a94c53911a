/** Tells the requests that the kernel has done, for `patchbay plan`. */

import { tellChange } from '../kernel/changes.ts'
import type { Request, Socket } from './socket.ts'

/** @param refused a batch of nfnetlink with one of these has changed nothing */
export function tellDone(
  { fd }: Socket,
  requests: readonly Request[],
  refused: readonly Request[] = [],
): void {
  tellChange(() => ({ socket: fd, commands: commandsOf(requests, refused) }))
}

function commandsOf(requests: readonly Request[], refused: readonly Request[]): string[] {
  const isBatch = requests.some(({ unacknowledged }) => unacknowledged)
  if (isBatch && refused.length > 0) return []
  return requests.flatMap((request) => (refused.includes(request) ? [] : (request.reproduce ?? [])))
}
