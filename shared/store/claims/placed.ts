/** Single addresses of the store under the keys of these addresses: under another key each is a value that is none of ours. */

import { plain } from '../../error/log.ts'
import type { Entry } from '../protocol.ts'
import { type SingleValue, single as singleSchema } from '../values.ts'
import type { Host } from './host.ts'
import { addressOf } from './notes.ts'
import { type Known, known } from './value.ts'

/** As `known`, for a key of singles/POOL/. */
export function knownSingle(
  { keys, report }: Pick<Host, 'keys' | 'report'>,
  pool: string,
  entry: Entry | undefined,
): Known<SingleValue> | undefined {
  const found = known(singleSchema, entry, report)
  if (!found || keys.single(pool, addressOf(found.value.address)) === found.key) return found
  report(`the store's key ${plain(found.key)} says ${found.value.address}: left as it is`)
  return undefined
}
