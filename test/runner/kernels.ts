/** The kernels that tests run on: the machine's own, and an older one with more features in a guest. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { runInGuest } from '../guest/boot.ts'
import { needsOf, probeCommand } from '../guest/features.ts'

const root = join(import.meta.dirname, '../..')

/** How a program ended. */
export interface Ending {
  output: string
  /** Undefined when a signal ended it. */
  status: number | undefined
}

export interface Kernel {
  /** As the report shows it behind a test file's name. */
  name: string
  /** Runs a program in the project's folder. @param timeout in seconds */
  run(command: readonly string[], timeout: number): Promise<Ending>
}

/** The machine's own kernel. */
export const native: Kernel = {
  name: 'this kernel',
  run: async ([file = '', ...args], timeout) => {
    const env = { NO_COLOR: '1' }
    const options = { cwd: root, env, stdin: 'ignore', all: true, reject: false, preferLocal: true } as const
    const { all, exitCode, timedOut } = await execa(file, args, { ...options, timeout: timeout * 1000 })
    return { output: timedOut ? `${all}\nstopped after ${timeout} s` : all, status: exitCode }
  },
}

/** The second kernel; a guest that dies is a program that failed. */
export const guest: Kernel = {
  name: 'the second kernel',
  run: async (command, timeout) => {
    try {
      const { stdout, stderr, status } = await runInGuest(command, { cwd: root, timeout })
      return { output: stdout + stderr, status }
    } catch (error) {
      return { output: String(error), status: undefined }
    }
  },
}

/** All kernels, in the order in which tests run on them. */
export const kernels = [native, guest]

/** What a kernel has of the features that tests ask for; nothing when it cannot even be started. */
async function featuresOf(kernel: Kernel): Promise<Set<string> | undefined> {
  const { output, status } = await kernel.run(probeCommand(), 60)
  if (status === 0) return new Set(output.trim().split('\n'))
  console.log(`${kernel.name} cannot run here: ${output}`)
  return undefined
}

/** Which test files each kernel can run, and which none can. */
export interface Plan {
  runs: { kernel: Kernel; files: string[] }[]
  /** Test files that no kernel can run, with what they need. */
  nowhere: Record<string, string[]>
}

/** Asks the kernels what they have and the test files what they need. */
export async function planOf(files: readonly string[], kernels: readonly Kernel[]): Promise<Plan> {
  const needs = new Map(files.map((file) => [file, needsOf(readFileSync(join(root, file), 'utf8'))]))
  const runs: Plan['runs'] = []
  for (const kernel of kernels) {
    const features = await featuresOf(kernel)
    const fits = (file: string) => features && (needs.get(file) ?? []).every((name) => features.has(name))
    runs.push({ kernel, files: files.filter(fits) })
  }
  const lost = [...needs].filter(([file]) => !runs.some((run) => run.files.includes(file)))
  return { runs, nowhere: Object.fromEntries(lost) }
}

/** Takes each item to the first kernel that has what it needs. A kernel that nothing is left for is not started. */
export async function takeToFirst<T>(
  items: readonly T[],
  needsOf: (item: T) => readonly string[],
  kernels: readonly Kernel[],
): Promise<{ runs: { kernel: Kernel; items: T[] }[]; nowhere: T[] }> {
  const runs: { kernel: Kernel; items: T[] }[] = []
  let nowhere = [...items]
  for (const kernel of kernels) {
    const features = nowhere.length > 0 ? await featuresOf(kernel) : undefined
    const fits = (item: T) => features && needsOf(item).every((name) => features.has(name))
    runs.push({ kernel, items: nowhere.filter(fits) })
    nowhere = nowhere.filter((item) => !fits(item))
  }
  return { runs: runs.filter(({ items }) => items.length > 0), nowhere }
}
