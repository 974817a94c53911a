/** Findings that are known and not mended yet, each with the issue that will mend it. They do not fail a run. */

import type { Found } from './play/case.ts'

interface Known {
  kind: string
  /** The plugins; without it, any. */
  plugins?: readonly string[]
  text: RegExp
  /** What is wrong. */
  issue: string
}

export const known: readonly Known[] = []

/** The known fault that a finding shows; undefined for a new finding. */
export function knownAs({ kind, text, input: { plugin } }: Found): Known | undefined {
  return known.find(
    (one) => one.kind === kind && one.text.test(text) && (one.plugins?.includes(plugin) ?? true),
  )
}
