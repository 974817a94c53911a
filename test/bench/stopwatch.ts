/** The stopwatch: a small C program that runs others, so that Node's own work to start them is not measured. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'

/** What one call cost, or a group of calls at once. */
export interface Sample {
  /** Exit status; of a group, the first that is not 0. */
  status: number
  /** Wall time in milliseconds, from the first start to the last exit. */
  wall: number
  /** Milliseconds of processor time outside and inside the kernel, of all programs together. */
  user: number
  system: number
  /** Minor page faults of all programs together. */
  faults: number
  /** Peak memory of the largest process, in megabytes (10^6 bytes). */
  memory: number
}

/** A call of a program. */
export interface Measured {
  /** The program and its arguments. */
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  /** Files for its standard input and for its output. */
  input: string
  output: string
}

/** Compiles a C file of this folder into a directory. Static: until exec, the memory of the parent counts as the child's. */
export async function compile(name: 'stopwatch' | 'floor', directory: string): Promise<string> {
  await ensurePackages('the benchmark', ['gcc', 'libc6-dev'])
  const executable = join(directory, name)
  const source = join(import.meta.dirname, `${name}.c`)
  await run('gcc', ['-O2', '-Wall', '-Wextra', '-static', '-o', executable, source])
  return executable
}

/**
 * Runs calls to their end, at most some at once.
 * @param pid a process whose network and mounts the calls have
 * @returns a sample of all of them together
 * @throws when one cannot be started
 */
export function measure(stopwatch: string, calls: readonly Measured[], atOnce: number, pid?: number): Sample {
  const args = [String(atOnce), ...(pid === undefined ? [] : [String(pid)])]
  const { status, stdout, stderr, error } = spawnSync(stopwatch, args, {
    input: calls.map(written).join(''),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`stopwatch: ${stderr || error}`)
  return sampleOf(stdout)
}

function written({ command, environment, input, output }: Measured): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return [input, output, ...command, '', ...variables, ''].map((text) => `${text}\0`).join('')
}

/** The sample in the stopwatch's output. */
export function sampleOf(output: string): Sample {
  const lines = output.trim().split('\n')
  const rows = lines.slice(0, -1).map((line) => line.split(' ').map(Number))
  const sum = (column: number) => rows.reduce((total, row) => total + (row[column] ?? 0), 0)
  const statuses = rows.map(([status = 0]) => status)
  return {
    status: statuses.find((status) => status !== 0) ?? 0,
    wall: Number(lines.at(-1)) / 1e6,
    user: sum(2) / 1e3,
    system: sum(3) / 1e3,
    faults: sum(4),
    memory: (Math.max(...rows.map((row) => row[5] ?? 0)) * 1024) / 1e6,
  }
}

/** Samples of programs that ran one after another, as one. */
export function together(samples: readonly Sample[]): Sample {
  const sum = (key: 'wall' | 'user' | 'system' | 'faults') =>
    samples.reduce((total, sample) => total + sample[key], 0)
  return {
    status: samples.find(({ status }) => status !== 0)?.status ?? 0,
    wall: sum('wall'),
    user: sum('user'),
    system: sum('system'),
    faults: sum('faults'),
    memory: Math.max(...samples.map(({ memory }) => memory)),
  }
}

/** The output of a program, CNI errors included. */
export function outputOf(file: string): string {
  return readFileSync(file, 'utf8').trim()
}
