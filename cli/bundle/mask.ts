/** Masks secrets in what a bundle contains: values are secret by the names of their keys. What cannot be read as JSON loses more rather than less. */

import { isObject, jsonIn } from '../../shared/config/json.ts'

export const mask = '***'

/** Parts of names. The last two are of pods: their annotations may have anything. */
const secretWords = new Set([
  ...['cak', 'ckn', 'sak', 'psk', 'password', 'passwd', 'passphrase', 'secret', 'secrets', 'private'],
  ...['token', 'tokens', 'credential', 'credentials', 'auth', 'authorization', 'annotations', 'labels'],
])
const keyWords = ['key', 'keys']

/** A path is no secret. */
const pathWords = ['file', 'path', 'dir', 'directory']

/** Whether a name says that its value is secret: `psk`, `etcdPassword`, `macsec_cak`. @param isOurs our own files have keys that are no secrets */
export function isSecret(name: string, isOurs = false): boolean {
  const words = name
    .slice(0, 200)
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
  if (pathWords.includes(words.at(-1) ?? '')) return false
  return words.some((word) => secretWords.has(word) || (!isOurs && keyWords.includes(word)))
}

/** A text without secrets: JSON, lines of JSON, or any other. */
export function masked(text: string, isOurs = false): string {
  const whole = maskedJson(text, isOurs, 2)
  if (whole !== undefined) return `${whole}\n`
  const lines = text.split('\n')
  const areJson = lines.every((line) => line === '' || line.startsWith('{'))
  return areJson
    ? lines.map((line) => maskedJson(line, isOurs) ?? maskedText(line, isOurs)).join('\n')
    : maskedText(text, isOurs)
}

/** Undefined for what is no object or list in JSON, and for what is nested too deeply. */
function maskedJson(text: string, isOurs: boolean, space?: number): string | undefined {
  const value = /^\s*[[{]/.test(text) ? jsonIn(text) : undefined
  if (value === undefined) return undefined
  try {
    return JSON.stringify(maskedValue(value, isOurs), null, space)
  } catch {
    return undefined
  }
}

/** A value of JSON without secrets. */
export function maskedValue(value: unknown, isOurs = false): unknown {
  if (typeof value === 'string') return maskedJson(value, isOurs) ?? maskedText(value, isOurs)
  if (Array.isArray(value)) {
    const [name, , ...more] = value
    // Of CNI_ARGS: libcni keeps pairs.
    const isPair =
      value.length === 2 && more.length === 0 && typeof name === 'string' && isSecret(name, isOurs)
    return isPair ? [name, mask] : value.map((item) => maskedValue(item, isOurs))
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'excerpt')
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      isSecret(key, isOurs) && item !== null ? mask : maskedValue(item, isOurs),
    ]),
  )
}

/** `"psk": "…"`, `psk=…`, `psk: …`; the name begins where none of its characters stands before it. */
const assignment = /(?<![\w./-])["']?([\w./-]{1,100})["']?\s*[:=]\s*(?=(\S))/g

/** An error about what is no JSON quotes a word of it, which may be a secret. */
const quotedWord = /(error unmarshall .*found )[^\s(]+/

/** Most texts have none of the words, and are done fast. */
const suspicious = new RegExp([...secretWords, ...keyWords].join('|'), 'i')

function maskedText(text: string, isOurs: boolean): string {
  if (suspicious.test(text)) return maskedLines(text.split('\n'), isOurs)
  return text.includes('error unmarshall') ? maskedLines(text.split('\n'), isOurs) : text
}

/** A line loses all that follows the name of a secret; a text all lines below, where the value is an object or a list. */
function maskedLines(lines: readonly string[], isOurs: boolean): string {
  const done: string[] = []
  for (const line of lines) {
    const found = [...line.matchAll(assignment)].find(([, name = '']) => isSecret(name, isOurs))
    const rest = found ? line.slice(0, found.index + found[0].length) + mask : line
    done.push(rest.replace(quotedWord, `$1${mask}`))
    if (found && '[{|>'.includes(found[2] ?? ' ')) return [...done, mask].join('\n')
  }
  return done.join('\n')
}
