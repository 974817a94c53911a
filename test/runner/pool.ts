/** Runs jobs side by side on some workers, the longest first; of those that keep a CPU busy, as many as there are CPUs. */

/** A piece of work, with the seconds that it is expected to take. */
export interface Job {
  seconds: number
  /** It keeps a CPU busy. All others wait most of their time: they fill the gaps. */
  isBusy?: boolean
  run(): Promise<void>
}

export interface Pool {
  /** Adds jobs, also while others run. */
  add(...jobs: Job[]): void
  /** Ends when no job is left. @throws the first error of a job */
  done(): Promise<void>
}

/** @param mostBusy how many of the busy jobs may run at once */
export function poolOf(workers: number, mostBusy = workers): Pool {
  const waiting: Job[] = []
  let [running, busy] = [0, 0]
  let resolve = () => {}
  let reject = (_error: unknown) => {}
  const done = new Promise<void>((...ends) => {
    ;[resolve, reject] = ends
  })

  function next(): void {
    for (let job = take(); job; job = take()) start(job)
    if (running === 0) resolve()
  }

  /** Undefined when all workers have a job, or none that is waiting may run now. */
  function take(): Job | undefined {
    if (running === workers) return undefined
    const at = waiting.findIndex(({ isBusy }) => !isBusy || busy < mostBusy)
    return at < 0 ? undefined : waiting.splice(at, 1)[0]
  }

  async function start({ run, isBusy }: Job): Promise<void> {
    running++
    if (isBusy) busy++
    await run().catch(reject)
    running--
    if (isBusy) busy--
    next()
  }

  return {
    add: (...jobs) => {
      waiting.push(...jobs)
      waiting.sort((one, other) => other.seconds - one.seconds)
      if (running > 0) next()
    },
    done: () => {
      next()
      return done
    },
  }
}
