/** Runs jobs side by side on some workers, the longest first. */

/** A piece of work, with the seconds that it is expected to take. */
export interface Job {
  seconds: number
  run(): Promise<void>
}

export interface Pool {
  /** Adds jobs, also while others run. */
  add(...jobs: Job[]): void
  /** Ends when no job is left. @throws the first error of a job */
  done(): Promise<void>
}

export function poolOf(workers: number): Pool {
  const waiting: Job[] = []
  let running = 0
  let resolve = () => {}
  let reject = (_error: unknown) => {}
  const done = new Promise<void>((...ends) => {
    ;[resolve, reject] = ends
  })

  function next(): void {
    while (running < workers && waiting.length > 0) start(waiting.shift() as Job)
    if (running === 0) resolve()
  }

  async function start(job: Job): Promise<void> {
    running++
    await job.run().catch(reject)
    running--
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
