/** Runs the rounds on one kernel and returns their measurements. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Missing } from '../../scripts/setup.ts'
import type { Kernel } from '../runner/kernels.ts'
import type { Measurement, Plan } from './plan.ts'
import { compileStopwatch } from './stopwatch.ts'

/** Time limit of the rounds, in seconds. */
const longest = 4 * 60 * 60

/** The stopwatch and the plugins' state are in a directory that is removed after the benchmark. */
export async function measureAll(
  kernel: Kernel,
  options: Pick<Plan, 'candidates' | 'kinds' | 'rounds'>,
  workIn: string,
): Promise<Measurement[]> {
  await mkdir(workIn, { recursive: true })
  const work = await mkdtemp(join(workIn, 'bench-'))
  try {
    const state = join(work, 'state')
    await mkdir(state)
    const plan: Plan = { ...options, stopwatch: await compileStopwatch(work), state }
    await writeFile(join(work, 'plan.json'), JSON.stringify(plan))
    return await onPrivateHost(kernel, join(work, 'plan.json'))
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Runs the rounds on a private host: in their own network, mount and pid namespaces. */
async function onPrivateHost({ name, run }: Kernel, plan: string): Promise<Measurement[]> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = [process.execPath, join(import.meta.dirname, 'rounds.ts'), plan]
  const { status, output } = await run(['unshare', ...namespaces, ...program], longest)
  if (status !== 0) throw new Missing(`nothing could be measured on ${name}:\n${output}`)
  return JSON.parse(output)
}
