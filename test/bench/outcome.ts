/** Measures a scenario on a kernel, with the candidates that have its plugins. */

import { type Kernel, native } from '../runner/kernels.ts'
import { type Candidate, has, nameBeside } from './candidate.ts'
import { measureOne } from './measure.ts'
import type { Outcome, Plan } from './plan.ts'
import type { Scenario } from './scenarios.ts'
import { subjectOf } from './subjects/subjects.ts'

/** How long a scenario has rounds, and how many it has at least. */
export interface Share {
  seconds: number
  least: number
  /** Where the plugins' state lies. */
  workIn: string
}

/** @throws Missing when nothing could be measured */
export async function outcomeOf(
  kernel: Kernel,
  scenario: Scenario,
  candidates: readonly Candidate[],
  { workIn, ...share }: Share,
): Promise<Outcome> {
  const plan = {
    scenario,
    candidates: askedOf(candidates, scenario),
    ...roundsOf(scenario, share),
    uncounted: [],
  }
  const measurements = await measureOne(kernel, plan, workIn)
  return { scenario, kernel: await releaseOf(kernel), measurements }
}

/** Programs that do nothing have no VERSION among many ADDs. */
function askedOf(candidates: readonly Candidate[], { subject, atOnce }: Scenario): Candidate[] {
  const { plugins, beside } = subjectOf(subject)
  const names = plugins(0).map(({ type }) => type)
  const asked = candidates.filter((candidate) => has(candidate, names) && !(candidate.floor && atOnce > 1))
  if (!beside) return asked
  const ours = asked.filter(({ isReference, floor }) => !isReference && !floor)
  return [
    ...asked,
    ...ours.map((one) => ({ ...one, name: nameBeside(one.name, beside.name), isBeside: true })),
  ]
}

/** Where one round takes many seconds there are fewer at least. */
function roundsOf({ atOnce, there }: Scenario, { seconds, least }: Omit<Share, 'workIn'>) {
  const [isCrowd, isLarge] = [atOnce > 1, there > 1_000]
  const counts = isCrowd ? 0 : isLarge ? 1 : 2
  const fewest = isCrowd || isLarge ? Math.min(least, 3) : least
  return { seconds, least: fewest, most: 60, counts } satisfies Partial<Plan>
}

const releases = new Map<Kernel, string>()

/** A kernel's release, and that it is a guest's. It is asked once: a guest boots for that. */
async function releaseOf(kernel: Kernel): Promise<string> {
  const known = releases.get(kernel)
  if (known) return known
  const release = (await kernel.run(['uname', '--kernel-release'], 60)).output.trim()
  const name = kernel === native ? release : `${release} (${kernel.name})`
  releases.set(kernel, name)
  return name
}
