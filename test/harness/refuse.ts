/** Ends a test program that cannot run. */

/** Prints the reason on standard error; the exit status is 1. */
export function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}
