/** Keys that a JSON text has twice in one object: JSON.parse keeps only the last one, without a word. */

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g

/**
 * The first key that objects of a member have twice, of all members of that name together.
 * @param text valid JSON, an object
 * @param member of that object, in any case; its value counts where it is an object
 */
export function repeatedKey(text: string, member: string): string | undefined {
  const seen = new Set<string>()
  let [depth, isMember, last] = [0, false, '']
  for (const [word] of text.matchAll(token)) {
    if (word === '{' || word === '[') depth++
    else if (word === '}' || word === ']') depth--
    else if (word === ':' && depth === 1) isMember = textOf(last).toLowerCase() === member.toLowerCase()
    else if (word === ':' && depth === 2 && isMember) {
      const key = textOf(last)
      if (seen.has(key)) return key
      seen.add(key)
    }
    last = word
  }
  return undefined
}

function textOf(word: string): string {
  return String(JSON.parse(word))
}
