/** Looks for faults, one after another. A fault that cannot be looked for is named, and the others are. */

import { toCniError } from '../../../shared/error/error.ts'
import type { Evidence, Fault, Finding, Found, View } from './fault.ts'

/** The findings of all faults, in the order of the faults. @param progress is told what is looked for */
export async function examine(
  faults: readonly Fault[],
  view: View,
  progress: (text: string) => void = () => {},
): Promise<Found[]> {
  const found: Found[] = []
  const unseen: [id: string, why: string][] = []
  for (const fault of faults) {
    progress(`looks for: ${fault.title}`)
    try {
      for (const finding of await fault.look(view)) found.push(foundBy(fault, finding))
    } catch (error) {
      unseen.push([fault.id, toCniError(error).message])
    }
  }
  for (const [why, ids] of Map.groupBy(unseen, ([, why]) => why))
    view.leftOut(ids.map(([id]) => id).join(', '), why)
  return found
}

function foundBy({ id, title, severity }: Fault, finding: Finding): Found {
  const { subject, cause, evidence, mend } = finding
  return {
    ...{ fault: id, title, severity: finding.severity ?? severity },
    ...{ subject, cause, evidence: evidence.map(shortest), mend: [...mend] },
  }
}

/** A file that is larger than any reader wants is shown by its start. */
const longest = 1000

function shortest({ where, value }: Evidence): Evidence {
  return { where, value: value.length > longest ? `${value.slice(0, longest)}…` : value }
}
