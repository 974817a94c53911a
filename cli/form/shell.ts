/** Words of commands that are printed for a shell. */

/** A word, unless it has only characters that mean themselves in quotes. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text)
}

/** A text in quotation marks, in which a shell changes nothing. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
