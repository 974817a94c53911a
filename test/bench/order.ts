/** The order of turns, drawn anew in each round: no candidate always comes after the same other. */

export function inRandomOrder<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
