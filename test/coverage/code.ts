/** Which characters of a source are code. */

import { stripTypeScriptTypes } from 'node:module'

/** Comments as Biome formats them: at the start of a line, or after a space. */
const comments = /(?<=^|\s)(\/\*[\s\S]*?\*\/|\/\/.*$)/gm

/** What V8 counts in different ways, and what says nothing when it is alone on a line. */
const punctuation = /[\s(){}[\];,]/

/** A source as it runs. Positions do not change: types and comments become spaces. */
export function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source).replace(comments, (comment) => comment.replace(/./g, ' '))
}

/** Before a function it is executed, the function itself perhaps not. */
const exporting = /^export (default )?/gm

/** The positions of code on each line; empty for a line of types, comments or brackets. */
export function codeOfLines(source: string): number[][] {
  let position = 0
  return withoutTypes(source)
    .replace(exporting, (word) => ' '.repeat(word.length))
    .split('\n')
    .map((line) => {
      const start = position
      position += line.length + 1
      return Array.from(line.split('').keys(), (index) => start + index).filter(
        (at) => !punctuation.test(line[at - start] ?? ''),
      )
    })
}
