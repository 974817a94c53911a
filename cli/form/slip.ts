/** The words of an error about a word that there is not: the word itself, and the one that is probably meant. */

import { nearest } from '../../shared/config/near.ts'

/** `, did you mean gc?`, or nothing where no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  return asked(nearest(word, known))
}

/** The same for a word that was found in another way. */
export function asked(meant: string | undefined): string {
  return meant ? `, did you mean ${meant}?` : ''
}

/** A word of the command line, which may be long, in quotation marks. */
export function quoted(word: string): string {
  return JSON.stringify(word.slice(0, 50))
}
