/** Calls that need etcd within the seconds of our limits, which a busy machine's etcd may miss. */

import type { Answer } from './plugin.ts'
import { until } from './until.ts'

const says = /etcd does not answer|no answer in time|no block was claimed in|has not answered/

/** Whether a call was refused because etcd, or another host, was slow. */
function wasSlow({ json }: Answer): boolean {
  return json?.code === 11 && says.test(JSON.stringify(json))
}

/** Calls as a runtime does: again after such a refusal. @returns the first other answer */
export async function insisting(ask: () => Promise<Answer>): Promise<Answer> {
  let answer = await ask()
  if (!wasSlow(answer)) return answer
  await until('etcd is fast enough', async () => {
    answer = await ask()
    return !wasSlow(answer)
  })
  return answer
}
