/** The stopwatch: a small C program that runs another one, so that Node's own way of starting one is not measured. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'

/** What one run of a program cost. */
export interface Sample {
  /** Exit status. */
  status: number
  /** Milliseconds on the clock. */
  wall: number
  /** Milliseconds of processor time, of the program and of all that it ran. */
  cpu: number
  /** Peak memory of its largest process, in megabytes (10^6 bytes). */
  memory: number
}

/** Compiles the stopwatch into a directory; statically, for a forked child counts its parent's memory until it execs. */
export async function compileStopwatch(directory: string): Promise<string> {
  await ensurePackages('the benchmark', ['gcc', 'libc6-dev'])
  const executable = join(directory, 'stopwatch')
  const source = join(import.meta.dirname, 'stopwatch.c')
  await run('gcc', ['-O2', '-Wall', '-Wextra', '-static', '-o', executable, source])
  return executable
}

/** A program to be measured. */
export interface Measured {
  program: string
  environment: Record<string, string>
  /** A file for its standard input, and one for all it says. */
  input: string
  output: string
}

/** Runs a program once. @throws when it cannot be started */
export function measure(stopwatch: string, { program, environment, input, output }: Measured): Sample {
  const started = spawnSync(stopwatch, [input, output, program], { encoding: 'utf8', env: environment })
  if (started.status !== 0) throw new Error(`stopwatch: ${started.stderr || started.error}`)
  const [status = 0, wall = 0, user = 0, system = 0, kilobytes = 0] = started.stdout.split(' ').map(Number)
  return { status, wall: wall / 1e6, cpu: (user + system) / 1e3, memory: (kilobytes * 1024) / 1e6 }
}

/** What a program said: CNI errors go to standard output. */
export function said(output: string): string {
  return readFileSync(output, 'utf8').trim()
}
