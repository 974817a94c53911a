/** Plugins under other names: installers add prefixes and suffixes (`buildkit-cni-bridge`, `cnv-bridge`, `bridge-v2`). */

/** The longest of some names that is within a text. */
export function nameWithin(text: string, names: readonly string[]): string | undefined {
  const within = names.filter((name) => (name === 'pool' ? poolAlone.test(text) : text.includes(name)))
  return within.sort((one, other) => other.length - one.length)[0]
}

/** Other projects' names have the word in them: spiderpool. */
const poolAlone = /(^|[^a-z])pool($|[^a-z])/i
