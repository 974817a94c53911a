/** Runs the rounds of one kernel, and gives back what they measured. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Missing } from '../../scripts/setup.ts'
import type { Kernel } from '../runner/kernels.ts'
import type { Measurement, Plan } from './plan.ts'
import { compileStopwatch } from './stopwatch.ts'

/** Seconds that they may take. */
const longest = 4 * 60 * 60

/** The stopwatch, and the state that plugins keep, live in a directory for the time of the benchmark. */
export async function measureAll(
  kernel: Kernel,
  wishes: Pick<Plan, 'candidates' | 'kinds' | 'rounds'>,
  workIn: string,
): Promise<Measurement[]> {
  await mkdir(workIn, { recursive: true })
  const work = await mkdtemp(join(workIn, 'bench-'))
  try {
    const state = join(work, 'state')
    await mkdir(state)
    const plan: Plan = { ...wishes, stopwatch: await compileStopwatch(work), state }
    await writeFile(join(work, 'plan.json'), JSON.stringify(plan))
    return await onPrivateHost(kernel, join(work, 'plan.json'))
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Runs the rounds on a private host: network, mounts and processes of their own, which vanish with them. */
async function onPrivateHost({ name, run }: Kernel, plan: string): Promise<Measurement[]> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = [process.execPath, join(import.meta.dirname, 'rounds.ts'), plan]
  const { status, output } = await run(['unshare', ...namespaces, ...program], longest)
  if (status !== 0) throw new Missing(`nothing could be measured on ${name}:\n${output}`)
  return JSON.parse(output)
}
