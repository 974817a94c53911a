/** Measures one scenario on one kernel. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Missing } from '../../scripts/setup.ts'
import { reaping } from '../harness/reaping.ts'
import type { Kernel } from '../runner/kernels.ts'
import type { Measurement, Plan } from './plan.ts'
import { compile } from './stopwatch.ts'

/** Time limit of a scenario, in seconds. */
const longest = 30 * 60

/** The stopwatch and the plugins' state are in a directory that is removed afterwards. */
export async function measureOne(
  kernel: Kernel,
  options: Omit<Plan, 'stopwatch' | 'state'>,
  workIn: string,
): Promise<Measurement[]> {
  await mkdir(workIn, { recursive: true })
  const work = await mkdtemp(join(workIn, 'bench-'))
  try {
    const state = join(work, 'state')
    await mkdir(state)
    const plan: Plan = { ...options, stopwatch: await compile('stopwatch', work), state }
    await writeFile(join(work, 'plan.json'), JSON.stringify(plan))
    return await inNamespaces(kernel, join(work, 'plan.json'))
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Standard error comes with the measurements: Node's warning about FFI does not belong there. */
const quiet = ['--disable-warning=ExperimentalWarning']

/** Everything ends with the pid namespace, and that with this program, however it ends. */
async function inNamespaces({ name, run }: Kernel, plan: string): Promise<Measurement[]> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = [...reaping, process.execPath, ...quiet, join(import.meta.dirname, 'one.ts'), plan]
  const { status, output } = await run(
    ['setpriv', '--pdeathsig', 'SIGKILL', 'unshare', ...namespaces, ...program],
    longest,
  )
  if (status !== 0) throw new Missing(`nothing could be measured on ${name}:\n${output}`)
  return JSON.parse(output)
}
