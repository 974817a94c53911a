/**
 * Numbers for the parts of a world, the same for parts with the same text. Each part also has the number of its mirror image, in which the first two
 * hosts have changed places: a world and its mirror image are one.
 */

const numbers = new Map<string, number>()

function numberOf(text: string): number {
  const known = numbers.get(text)
  if (known !== undefined) return known
  numbers.set(text, numbers.size)
  return numbers.size - 1
}

/** A part's number, and its mirror image's. */
export type Numbers = readonly [number, number]

/** The hosts' names, and what IDs and random texts of each begin with. */
export const tokens = ['hostA', 'hostB'] as const
export const origins = ['0000000a', '0000000b'] as const

const places = /hostA|hostB|0000000a|0000000b/g
const images: Record<string, string> = {
  [tokens[0]]: tokens[1],
  [tokens[1]]: tokens[0],
  [origins[0]]: origins[1],
  [origins[1]]: origins[0],
}

/** The text with the first two hosts in each other's place. */
export function mirror(text: string): string {
  return text.replace(places, (token) => images[token] as string)
}

export function numbersOf(text: string): Numbers {
  return [numberOf(text), numberOf(mirror(text))]
}

/** Those of something that follows from what has numbers already. */
export function numbersAfter([own, image]: Numbers, text: string): Numbers {
  return [numberOf(`${own} ${text}`), numberOf(`${image} ${mirror(text)}`)]
}

/** Remembers the numbers of values that never change. */
export function numbering<T extends object>(find: (value: T) => Numbers): (value: T) => Numbers {
  const known = new WeakMap<T, Numbers>()
  return (value) => {
    const seen = known.get(value) ?? find(value)
    known.set(value, seen)
    return seen
  }
}

/** Those of two parts together. */
export function numbersOfBoth(one: Numbers, other: Numbers): Numbers {
  return [numberOf(`${one[0]}+${other[0]}`), numberOf(`${one[1]}+${other[1]}`)]
}
