/** What a process has of the machine. */

import { readFileSync } from 'node:fs'

export interface Usage {
  /** KiB: its share of all pages that it has in memory, stacks of its threads included (Pss of /proc/PID/smaps_rollup). */
  memory: number
  /** KiB that only it has, and that no file holds. */
  own: number
  threads: number
  /** Seconds of a processor since its start. */
  seconds: number
}

const ticksPerSecond = 100

/** @throws when there is no such process, or it is another user's */
export function usageOf(pid: number): Usage {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1])
  const rollup = read('smaps_rollup')
  // Behind the name in brackets: utime is the field 14 of proc_pid_stat(5), stime 15, num_threads 20.
  const fields = read('stat').split(') ')[1]?.split(' ').map(Number) ?? []
  const [utime = 0, stime = 0] = fields.slice(11)
  return {
    memory: kilobytes('Pss'),
    own: kilobytes('Pss_Anon'),
    threads: fields[17] ?? 0,
    seconds: (utime + stime) / ticksPerSecond,
  }
}
