/** Where the keys and values of a JSON text stand, by their paths: findings name line and column. */

import { formatPath } from '../../shared/config/issues.ts'

/** Offsets in UTF-16 units. */
export interface Spot {
  /** Of an object's member; undefined for an element of a list, and for the whole. */
  key?: number
  value: number
}

export interface Spots {
  /** By path in lower case, as in `plugins[0].ipam.ranges[0][0].subnet`. */
  byPath: ReadonlyMap<string, Spot>
  /** Keys that an object has twice: the later one of each pair. */
  repeated: readonly { path: string; offset: number }[]
}

/** Longer paths are left out: a text may have megabytes, and each path in it the length of all keys above. */
const longestPath = 200

/** @param text valid JSON, which is not nested too deeply for a recursion */
export function spotsIn(text: string): Spots {
  const byPath = new Map<string, Spot>()
  const repeated: { path: string; offset: number }[] = []
  let at = 0

  /** The text is valid, so colons and commas are no more than gaps. */
  const next = () => {
    while (' \t\n\r:,'.includes(text.charAt(at)) && at < text.length) at++
    return text.charAt(at)
  }
  const endOfText = () => {
    do at = text.indexOf('"', at + 1)
    while (isEscaped(text, at))
    at++
  }
  const member = (path: string, seen: Set<string>) => {
    const start = at
    endOfText()
    const key = String(JSON.parse(text.slice(start, at)))
    const inner = below(path, formatPath([key]))
    if (seen.has(key)) repeated.push({ path: inner, offset: start })
    seen.add(key)
    value(inner, start)
  }
  const value = (path: string, key?: number) => {
    const first = next()
    if (path.length <= longestPath) byPath.set(path.toLowerCase(), { key, value: at })
    if (first === '"') return endOfText()
    at++
    if (first === '{') for (const seen = new Set<string>(); next() !== '}'; ) member(path, seen)
    else if (first === '[') for (let index = 0; next() !== ']'; index++) value(`${path}[${index}]`)
    else return endOfWord()
    at++
  }
  const endOfWord = () => {
    while (at < text.length && !',}] \t\n\r'.includes(text.charAt(at))) at++
  }
  value('')
  return { byPath, repeated }
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** A path and a path in it: `ipam` and `ranges[0]`. */
export function below(path: string, inner: string): string {
  if (path.length > longestPath) return path
  return path === '' || inner === '' || inner.startsWith('[') ? path + inner : `${path}.${inner}`
}

/** No message has a path far from its beginning. */
const searched = 500

/**
 * The spot that a plugin's message is about: the first word of it that is a path of its configuration. Of a value that is missing it is the object
 * where it should be.
 * @param prefix the path of the configuration in the text
 */
export function spotNamed({ byPath }: Spots, prefix: string, message: string): Spot | undefined {
  const words = message.slice(0, searched).match(/[\w.[\]-]+/g) ?? []
  for (const word of words)
    for (let path = word.replace(/\.$/, ''); path !== ''; path = above(path)) {
      const spot = byPath.get(below(prefix, path).toLowerCase())
      if (spot) return path === word ? spot : { value: spot.value }
    }
  return undefined
}

function above(path: string): string {
  const shorter = path.replace(/(\.[^.[]*|\[[^\]]*\])$/, '')
  return shorter === path ? '' : shorter
}
