/** What this host holds, for the verbs. */

import type { Call } from '../form/verb.ts'
import { readConfigurations } from '../host/configurations.ts'
import { dataDirsOf } from '../host/data-dirs.ts'
import { type HeldHere, heldHere } from '../host/holdings.ts'
import { leftOutBy } from '../host/left-out.ts'

/** By the files of the directories that the networks' configurations name. What cannot be read is told on standard error. */
export function heldBy(call: Pick<Call, 'complain'>): HeldHere {
  const leftOut = leftOutBy(call)
  return heldHere(dataDirsOf(readConfigurations([], leftOut)), leftOut)
}
