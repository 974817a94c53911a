/** `patchbay pool ls`. */

import type { Answer, Call } from '../form/verb.ts'
import { readContents } from './contents.ts'
import { heldBy } from './here.ts'
import { poolsIn, poolsText } from './pools.ts'
import { inStore } from './session.ts'

export async function listPools(call: Call): Promise<Answer> {
  const contents = await inStore(call, ({ keys, run }) => run(readContents(keys)))
  const data = poolsIn(contents, heldBy(call))
  return { data, text: (page) => poolsText(page, data) }
}
