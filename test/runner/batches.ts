/** Divides the test files of a guest into batches of about the same time: each batch is one guest. */

/** A guest needs one to two seconds to boot; a batch should not end long after all others. */
const SECONDS_OF_A_BATCH = 90

/** @param secondsOf the expected seconds of a file */
export function batchesOf(files: readonly string[], secondsOf: (file: string) => number): string[][] {
  const sorted = [...files].sort((one, other) => secondsOf(other) - secondsOf(one))
  const total = sorted.reduce((sum, file) => sum + secondsOf(file), 0)
  const count = Math.min(sorted.length, Math.ceil(total / SECONDS_OF_A_BATCH))
  const batches = Array.from({ length: count }, () => ({ files: [] as string[], seconds: 0 }))
  for (const file of sorted) {
    const shortest = batches.reduce((one, other) => (other.seconds < one.seconds ? other : one))
    shortest.files.push(file)
    shortest.seconds += secondsOf(file)
  }
  return batches.map(({ files }) => files)
}
