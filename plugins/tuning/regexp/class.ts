/** Sets of characters as tests of a code point: the classes that Go's regular expressions have by name. */

/** Whether a code point is in the set. */
export type Has = (point: number) => boolean

const codeOf = (text: string) => text.codePointAt(0) ?? 0

export function between(first: number, last: number): Has {
  return (point) => point >= first && point <= last
}

/** `range('az', 'AZ')`: each pair is a first and a last character. */
function range(...pairs: string[]): Has {
  return union(pairs.map((pair) => between(codeOf(pair), codeOf(pair.slice(1)))))
}

function among(characters: string): Has {
  return (point) => characters.includes(String.fromCodePoint(point))
}

export function union(sets: readonly Has[]): Has {
  return (point) => sets.some((has) => has(point))
}

export function not(has: Has): Has {
  return (point) => !has(point)
}

const [digit, lower, upper] = [range('09'), range('az'), range('AZ')]
const alpha = union([lower, upper])
const alnum = union([alpha, digit])
export const word = union([alnum, among('_')])
const graph = range('!~')

/** `\d` and the like: ASCII only. */
export const perl: ReadonlyMap<string, Has> = new Map(
  Object.entries({ d: digit, s: among('\t\n\f\r '), w: word }).flatMap(([letter, has]) => [
    [letter, has] as const,
    [letter.toUpperCase(), not(has)] as const,
  ]),
)

/** `[:alpha:]` and the like: ASCII only. */
export const posix: ReadonlyMap<string, Has> = new Map(
  Object.entries({
    alnum,
    alpha,
    ascii: between(0, 0x7f),
    blank: among('\t '),
    cntrl: union([between(0, 0x1f), between(0x7f, 0x7f)]),
    digit,
    graph,
    lower,
    print: range(' ~'),
    punct: (point: number) => graph(point) && !alnum(point),
    space: among('\t\n\v\f\r '),
    upper,
    word,
    xdigit: union([digit, range('af', 'AF')]),
  }),
)

/** `\p{NAME}`: a general category, a script, or Any. @returns undefined for an unknown name */
export function unicode(name: string): Has | undefined {
  if (name === 'Any') return () => true
  try {
    return property('General_Category', name)
  } catch {}
  try {
    return property('Script', name)
  } catch {
    return undefined
  }
}

function property(of: string, name: string): Has {
  const expression = new RegExp(`^\\p{${of}=${name}}$`, 'u')
  return (point) => expression.test(String.fromCodePoint(point))
}

/** A character in lower case. */
export function lowerOf(point: number): number {
  return codeOf(String.fromCodePoint(point).toLowerCase())
}

/** The same set without regard to case. */
export function folded(has: Has): Has {
  return (point) => {
    const text = String.fromCodePoint(point)
    return [text, text.toLowerCase(), text.toUpperCase()].some((form) => has(codeOf(form)))
  }
}
