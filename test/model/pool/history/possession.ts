/**
 * A history of addresses, and what must be true of it. It knows nothing of how addresses are given, so it judges a run of the model and one of real
 * executables alike.
 */

/** A container had an address from the answer of its ADD until its DEL began, by one clock. */
export interface Possession {
  address: string
  container: string
  from: number
  /** Absent: it has the address at the end. */
  to?: number
}

/** Writes a history down. */
export function newHistory() {
  const possessions: Possession[] = []
  const open = new Map<string, Possession>()
  return {
    possessions: possessions as readonly Possession[],
    /** An ADD has answered. */
    given(container: string, address: string, at: number): void {
      const possession: Possession = { address, container, from: at }
      possessions.push(possession)
      open.set(`${container} ${address}`, possession)
    },
    /** Its DEL begins. */
    taken(container: string, address: string, at: number): void {
      const possession = open.get(`${container} ${address}`)
      if (possession) possession.to = at
      open.delete(`${container} ${address}`)
    },
    /** All containers of a host have ended. @param prefix what their names begin with */
    ended(prefix: string, at: number): void {
      for (const [key, possession] of open)
        if (possession.container.startsWith(prefix)) {
          possession.to = at
          open.delete(key)
        }
    },
  }
}

export type History = ReturnType<typeof newHistory>

/** Addresses that two containers had at one time: a sentence for each. */
export function overlaps(possessions: readonly Possession[]): string[] {
  const last = new Map<string, Possession>()
  const found: string[] = []
  for (const one of [...possessions].sort((a, b) => a.from - b.from)) {
    const other = last.get(one.address)
    if (other && endOf(other) > one.from) found.push(`${one.address}: ${wordsOf(other)}, ${wordsOf(one)}`)
    if (!other || endOf(one) > endOf(other)) last.set(one.address, one)
  }
  return found
}

function endOf({ to }: Possession): number {
  return to ?? Number.POSITIVE_INFINITY
}

function wordsOf({ container, from, to }: Possession): string {
  return `${container} had it from ${from} to ${to ?? 'the end'}`
}
