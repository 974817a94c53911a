/** The result of a test file's run: tests counted from uvu's summary; a run without tests is a failure. */

export interface Tally {
  passed: number
  failed: number
  skipped: number
}

const none: Tally = { passed: 0, failed: 0, skipped: 0 }
export const onePassed: Tally = { ...none, passed: 1 }
export const oneFailed: Tally = { ...none, failed: 1 }

/**
 * Counts the tests of a file from what it wrote.
 * A file that crashed, was stopped or ran no test at all counts as a failure.
 * @param status the exit status; undefined when a signal ended it
 */
export function tallyOf(output: string, status: number | undefined): Tally {
  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map((name) => count(output, name))
  if (!total || passed === undefined || skipped === undefined) return oneFailed
  const failed = total - passed
  return { passed, skipped, failed: failed === 0 && status !== 0 ? 1 : failed }
}

/** As `tallyOf`, where only tests with a chosen name ran: a file without one counts as nothing. */
export function tallyOfChosen(output: string, status: number | undefined): Tally {
  return status === 0 && count(output, 'Total') === 0 ? none : tallyOf(output, status)
}

/** The number after a name in uvu's summary, which is at the end of a file's output. */
function count(output: string, name: string): number | undefined {
  const found = [...output.matchAll(new RegExp(`^ {2}${name}: +(\\d+)$`, 'gm'))].at(-1)
  return found && Number(found[1])
}

export function sum(tallies: readonly Tally[]): Tally {
  const add = (a: Tally, b: Tally) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  })
  return tallies.reduce(add, none)
}

/** The last line of a whole run. */
export function lastLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** Whether some tests passed and none failed or were skipped. */
export function isGood({ passed, failed, skipped }: Tally): boolean {
  return passed > 0 && failed === 0 && skipped === 0
}
