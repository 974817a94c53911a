/** Prints an answer: as a text for people, as JSON or as YAML. */

import type { Page } from './page.ts'
import type { Answer } from './verb.ts'

/** The values of `-o`. */
export const formats = ['table', 'json', 'yaml'] as const

export type Format = (typeof formats)[number]

/** The answer in a format, without the last line's end. */
export async function written({ data, text }: Answer, format: Format, page: Page): Promise<string> {
  if (format === 'table') return text(page)
  return escaped(format === 'json' ? JSON.stringify(data, null, 2) : (await import('./yaml.ts')).yamlOf(data))
}

/** Characters that JSON and YAML may have as they are, and that change what a terminal shows: C1 controls, marks of direction, ends of lines. */
const harmful = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

/** Both formats have these characters only in quoted text, where the escape means the same. */
function escaped(text: string): string {
  return text.replace(harmful, (found) =>
    [...Array(found.length).keys()]
      .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
