/** Changes of a VTEP, found before they are made: a dry run only says them. */

export interface Change {
  /** In words, for the log: as what is to do. */
  says: readonly string[]
  make(): void
}

/** Makes changes, in their order. @returns them in words. @throws what a change throws */
export function made(changes: readonly Change[]): string[] {
  for (const { make } of changes) make()
  return inWords(changes)
}

export function inWords(changes: readonly Change[]): string[] {
  return changes.flatMap(({ says }) => says)
}
