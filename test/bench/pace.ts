/** Divides the time of a run among its scenarios: what one takes longer, such as by its set-up, all that follow have less. */

import { quantile } from './statistics.ts'

export interface Pace {
  /** For how many seconds the next scenario has rounds; negative when the time is over. */
  next(): number
  /** Says that a scenario has ended. */
  done(): void
}

/** @param seconds what each scenario may take on average, with all that belongs to it @param now tells the time, in seconds */
export function paceOf(seconds: number, count: number, now = () => performance.now() / 1000): Pace {
  const end = now() + seconds * count
  let [begin, rounds, left] = [now(), 0, count]
  const besides: number[] = []
  return {
    next: () => {
      begin = now()
      rounds = (end - begin) / left - quantile(besides, 0.5)
      return rounds
    },
    done: () => {
      besides.push(now() - begin - Math.max(rounds, 0))
      left--
    },
  }
}
