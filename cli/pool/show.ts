/** `patchbay pool show`. */

import { CniError, Code } from '../../shared/error/error.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean, quoted } from '../form/slip.ts'
import type { Answer, Call } from '../form/verb.ts'
import { type Contents, readContents } from './contents.ts'
import { heldBy } from './here.ts'
import { inStore } from './session.ts'
import { shownOf } from './shown.ts'
import { shownText } from './shown-text.ts'

export async function showPool(call: Call): Promise<Answer> {
  const [name = '', word] = call.words
  const address = word === undefined ? undefined : parseAddress(word)
  if (word !== undefined && !address) throw misuse(`${quoted(word)} is no IP address`)
  const contents = await inStore(call, ({ keys, run }) => run(readContents(keys)))
  const data = shownOf([name, requirePool(name, contents)], contents, heldBy(call), address)
  return { data, text: (page) => shownText(page, data) }
}

/** @throws CniError when the store has no such pool */
export function requirePool(name: string, { pools, bad }: Contents): PoolDefinition {
  const found = pools.get(name)
  if (found) return found
  const damaged = bad.find(({ key }) => key.endsWith(`/pools/${name}`) || key === `/pools/${name}`)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: damaged
      ? `the definition of pool ${name} is not valid: ${damaged.why}`
      : `there is no pool ${quoted(name)}${didYouMean(name, pools.keys())}`,
    hint: damaged ? `see: etcdctl get ${damaged.key}` : 'patchbay pool ls shows the pools',
  })
}
