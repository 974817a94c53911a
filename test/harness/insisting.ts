/** Calls that need etcd, another host or a lock within the seconds of our limits, which a busy machine may miss. */

import type { Answer } from './plugin.ts'
import { until } from './until.ts'

const late =
  /etcd does not answer|no answer in time|no block was claimed in|has not answered|did not end within|holds a lock that this call needs|what was claimed is used up already/

/**
 * Whether a program was refused because etcd, another host, the holder of a lock, or the program itself was slow: its new block went back.
 * @param said what it printed
 */
export function isLate(said: string): boolean {
  return late.test(said)
}

function wasLate({ json }: Answer): boolean {
  return json?.code === 11 && isLate(JSON.stringify(json))
}

/** Calls as a runtime does: again after such a refusal. @returns the first other answer */
export async function insisting(ask: () => Promise<Answer>): Promise<Answer> {
  let answer = await ask()
  if (!wasLate(answer)) return answer
  await until('what the call needs is fast enough', async () => {
    answer = await ask()
    return !wasLate(answer)
  })
  return answer
}
