/** The report of a run: a line for each test file as it ends, failures in full, and at the end where the time went. */

import type { Ending } from './kernels.ts'
import { oneFailed, onePassed, sum, type Tally, tallyOf } from './tally.ts'

const SLOWEST = 10

export interface Reports {
  /** A test file, or a program that is one test. */
  ended(name: string, ending: Ending & { seconds: number }, count?: CountTests): void
  /** A failure of the runner itself, as a sentence. */
  failed(sentence: string): void
  total(): Tally
  /** The seconds of each file, by its name. */
  seconds: ReadonlyMap<string, number>
}

type CountTests = (output: string, status: Ending['status']) => Tally

/** Counts a program as one test, which passes when the exit status is 0. */
export const asOneTest: CountTests = (_output, status) => (status === 0 ? onePassed : oneFailed)

/**
 * @param print writes a text and a line feed
 * @param countFile counts the tests of a file
 */
export function newReports(print: (text: string) => void, countFile: CountTests = tallyOf): Reports {
  const tallies: Tally[] = []
  const seconds = new Map<string, number>()
  return {
    ended: (name, ending, count = countFile) => {
      const tally = count(ending.output, ending.status)
      tallies.push(tally)
      if (tally.passed + tally.failed + tally.skipped === 0) return
      seconds.set(name, ending.seconds)
      print(lineOf(name, ending, tally))
    },
    failed: (sentence) => {
      tallies.push(oneFailed)
      print(`FAILED  ${sentence}`)
    },
    total: () => sum(tallies),
    seconds,
  }
}

function lineOf(
  name: string,
  { output, seconds }: { output: string; seconds: number },
  { passed, failed, skipped }: Tally,
): string {
  const counts = `${passed} of ${passed + failed}, ${seconds.toFixed(1)} s`
  return failed + skipped > 0 ? `\n${output}\nFAILED  ${name}  ${counts}` : `ok  ${name}  ${counts}`
}

/** The slowest files, and the sum for each folder and kernel. */
export function whereTheTimeWent(seconds: ReadonlyMap<string, number>): string {
  const files = [...seconds].sort(([, one], [, other]) => other - one)
  const groups = new Map<string, number>()
  for (const [name, value] of files) groups.set(groupOf(name), (groups.get(groupOf(name)) ?? 0) + value)
  const rows = (entries: Iterable<[string, number]>) =>
    [...entries].map(([name, value]) => `${value.toFixed(1).padStart(7)} s  ${name}`)
  const slowest = rows(files.slice(0, SLOWEST))
  return ['the slowest:', ...slowest, 'seconds of all files together:', ...rows(groups)].join('\n')
}

/** `test/kernel on guest newest` of a test file there; other steps are a group of their own. */
function groupOf(name: string): string {
  return name.replace(/^(test\/\w+)\/\S+/, '$1')
}
