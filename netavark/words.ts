/** The words by which netavark calls a driver. */

const words: readonly string[] = ['create', 'setup', 'teardown', 'info']

/** Whether the first argument makes a call one of netavark's. */
export function isNetavarkWord(word: string | undefined): boolean {
  return word !== undefined && words.includes(word)
}
