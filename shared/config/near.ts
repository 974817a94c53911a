/** Finds the known word that an unknown word is probably a misspelling of. Loaded only for an unknown word. */

/** The candidate nearest to a word in any case, or undefined when none is near enough for a misspelling. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; distance: number } | undefined
  const lower = word.toLowerCase()
  for (const candidate of candidates) {
    const found = distance(lower, candidate.toLowerCase())
    if (found <= tolerance(word, candidate) && (!best || found < best.distance)) {
      best = { candidate, distance: found }
    }
  }
  return best?.candidate
}

/** The number of wrong letters allowed; fewer in short words, which are near to many others. */
function tolerance(word: string, candidate: string): number {
  const length = Math.min(word.length, candidate.length)
  if (length < 3) return 0
  return length < 6 ? 1 : 2
}

/** The number of letters to insert, delete, replace or swap with the next (restricted Damerau-Levenshtein distance). */
export function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return Number.POSITIVE_INFINITY
  let [before, previous]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const plain = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1))
      row[j] = swapped ? Math.min(plain, at(before, j - 2) + 1) : plain
    }
    ;[before, previous] = [previous, row]
  }
  return at(previous, other.length)
}

function at(row: number[], index: number): number {
  return row[index] as number
}
