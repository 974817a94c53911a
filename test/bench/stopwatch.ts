/** The stopwatch: a small C program that runs another one, so that Node's own work to start it is not measured. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'

/** Time and memory of one run of a program. */
export interface Sample {
  /** Exit status. */
  status: number
  /** Wall time in milliseconds. */
  wall: number
  /** Milliseconds of processor time, of the program and of all that it ran. */
  cpu: number
  /** Peak memory of its largest process, in megabytes (10^6 bytes). */
  memory: number
}

/** Compiles the stopwatch into a directory. Static: until exec, the memory of the parent counts as the child's. */
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
  /** Files for its standard input and for its output. */
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

/** The output of a program, CNI errors included. */
export function outputOf(file: string): string {
  return readFileSync(file, 'utf8').trim()
}
