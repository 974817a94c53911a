/** The input of `patchbay pool claim`: what a network needs. */

import * as z from 'zod/mini'
import { complaintsOf, invalidConfig } from '../../shared/config/issues.ts'
import { parseObject } from '../../shared/config/json.ts'
import {
  ip,
  list,
  type Output,
  object,
  oneOf,
  optional,
  path,
  pattern,
  withDefault,
} from '../../shared/config/schema.ts'
import { store } from '../../shared/store/config.ts'
import { poolName } from '../../shared/store/words.ts'

/** Specification 1.1.0, section "Network configuration format". */
const networkName = pattern("a network's name", /^[A-Za-z0-9][A-Za-z0-9_.-]*$/)

const input = object({
  network: networkName,
  dataDir: path,
  pool: poolName,
  store: optional(store),
  /** Of which a block is claimed, if it is still needed; without families and addresses all of the pool. */
  families: withDefault(list(oneOf(4, 6)), []),
  /** Certain addresses: their block is claimed, or its owner is asked. */
  addresses: withDefault(list(ip), []),
})

export type ClaimInput = Output<typeof input>

/** @throws CniError of code 6 or 7 */
export function readClaimInput(text: string): ClaimInput {
  const raw = parseObject(text, 'claim')
  const { data, error } = z.safeParse(input, raw)
  if (data) return data
  throw invalidConfig(
    complaintsOf(error.issues, raw).map((one) => ({ ...one, msg: `standard input: ${one.msg}` })),
  )
}
