/** Several runs at once, on all CPUs. */

export type Job<T> = () => Promise<T>

/**
 * Starts jobs on a number of workers. One worker first runs the jobs that must not run at the same time, in turn; the others
 * run the rest, and the first worker helps them afterwards.
 * @returns the result of each job, in the order of the jobs
 */
export function sideBySide<T>(
  inTurn: readonly Job<T>[],
  rest: readonly Job<T>[],
  workers: number,
): Promise<T>[] {
  const tasks = [...inTurn, ...rest].map(waiting)
  const work = async (those: Iterable<Waiting<T>>) => {
    for (const { start, outcome } of those) {
      start()
      await outcome.catch(() => {})
    }
  }
  const queue = tasks.slice(inTurn.length).values()
  work(tasks.slice(0, inTurn.length)).then(() => work(queue))
  for (let worker = 1; worker < workers; worker++) work(queue)
  return tasks.map(({ outcome }) => outcome)
}

interface Waiting<T> {
  start: () => void
  outcome: Promise<T>
}

/** A job that begins when it is started. */
function waiting<T>(job: Job<T>): Waiting<T> {
  let start = () => {}
  const outcome = new Promise<void>((resolve) => {
    start = resolve
  }).then(job)
  return { start, outcome }
}
