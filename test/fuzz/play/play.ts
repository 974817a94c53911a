/** Plays a case on the world's host: what came before, the call, and what a runtime does after it. */

import { difference, type Snapshot } from '../../harness/snapshot.ts'
import type { Case, Finding, Patch } from './case.ts'
import { damageState } from './damage.ts'
import { answerWith } from './delegate.ts'
import { judge, outsideState } from './detect.ts'
import { files, look } from './host.ts'
import { execute, type Outcome, type Place } from './outcome.ts'
import { isOfNetavark, pairOf, wordsOf } from './protocol.ts'

/** One call among those of a case. */
interface Step {
  verb: string
  input: string
  env?: Case['env']
  netns?: Case['netns']
  lies?: Case['lies']
}

/** What the detectors found, and whether the host is known to be unchanged. */
export interface Played {
  findings: Finding[]
  unchanged: boolean
}

/** Plays a case. @param baseline the host as it is now */
export async function play(input: Case, baseline: Snapshot, place: Place): Promise<Played> {
  const findings: Finding[] = []
  const run = async (step: Step) => {
    const execution = {
      plugin: input.plugin,
      ...wordsOf(step, place),
      input: Buffer.from(step.input, 'latin1'),
      lies: step.lies,
    }
    const before = files()
    const outcome = await execute(execution, place)
    const written = [...files()].filter((path) => !before.has(path))
    const outside = outsideState(written, JSON.stringify(input))
    findings.push(...judge(outcome, execution), ...outside.map((text) => ({ kind: 'outside', text })))
    return outcome
  }
  const { attach, detach: ends } = pairOf(input.verb)
  answerWith()
  const before = input.first && (await run({ verb: attach, input: bytes(input.first) }))
  damageState(input.damage)
  answerWith(input.delegate)
  const { verb, env, netns, lies } = input
  const start = input.first && ['create', attach].includes(verb) ? look() : baseline
  const step = { verb, input: textOf(input, before), env, netns, lies }
  const outcome = await run(step)
  const changesNothing = verb === 'create' || (verb === attach && outcome.status !== 0)
  const left = changesNothing ? difference(start, look()).filter(isChange(input)) : []
  if (left.length > 0 && !lies) findings.push({ kind: 'left behind', text: left.slice(0, 5).join('\n') })
  if (verb === attach && outcome.status === 0) findings.push(...(await afterAdd(step, outcome, run)))
  if (before?.status === 0) findings.push(...(await detach({ verb: ends, input: bytes(input.first) }, run)))
  return { findings, unchanged: changesNothing && left.length === 0 && !input.first }
}

/**
 * Whether a line is a change that a refused call may not make. A damaged file may be set aside or removed by the call that finds it
 * (docs/state.md). A claim leaves its outcome. A link that comes back from a container may have another number. Forwarding stays on after a teardown.
 */
function isChange({ damage, first, verb }: Case) {
  const allowed: [unknown, RegExp][] = [
    [damage, /^- (file|link) \//],
    [true, / \/run\/patchbay\/pool\/[^/]+\.claim /],
    [first, /link \S+ (ifindex|link_index): /],
    [verb === 'setup', / settings ipv[46] conf 0: |(forwarding|ip_forward|accept_redirects):[01]$/],
  ]
  return (line: string) => !allowed.some(([isAllowed, lines]) => isAllowed && lines.test(line))
}

type Run = (step: Step) => Promise<Outcome>

/** CHECK may say no, but must not crash; DEL takes away what ADD made, and teardown what setup made. */
async function afterAdd(step: Step, { stdout }: Outcome, run: Run): Promise<Finding[]> {
  if (isOfNetavark(step.verb)) return detach({ ...step, verb: 'teardown' }, run)
  const input = withPrevResult(step.input, stdout)
  await run({ ...step, verb: 'CHECK', input, lies: undefined })
  return detach({ ...step, verb: 'DEL', input, lies: undefined }, run)
}

/** DEL, twice: a runtime may repeat it. */
async function detach(step: Step, run: Run): Promise<Finding[]> {
  const outcomes = [await run(step), await run(step)]
  const failed = outcomes.find(({ status }) => status !== 0)
  return failed ? [{ kind: 'DEL fails', text: failed.stdout }] : []
}

/** A configuration as JSON in UTF-8, as text in which each character is a byte. */
function bytes(config: unknown = {}): string {
  return Buffer.from(JSON.stringify(config)).toString('latin1')
}

function textOf({ text, config, prevResult }: Case, before?: Outcome): string {
  if (text !== undefined) return text
  if (!prevResult || before?.status !== 0) return bytes(config)
  return bytes({ ...(config as object), prevResult: patched(JSON.parse(before.stdout), prevResult) })
}

function withPrevResult(input: string, stdout: string): string {
  try {
    const config = JSON.parse(Buffer.from(input, 'latin1').toString())
    return bytes({ ...config, prevResult: JSON.parse(stdout) })
  } catch {
    return input
  }
}

/** A result with changes; one whose place does not exist is left out. */
function patched(result: unknown, patches: readonly Patch[]): unknown {
  const box = { result }
  for (const { at, value } of patches) {
    const path = ['result', ...at]
    let holder: Record<string | number, unknown> | undefined = box
    for (const step of path.slice(0, -1)) holder = holder?.[step] as typeof holder
    const last = path.at(-1) as string
    if (typeof holder !== 'object' || holder === null) continue
    if (value === undefined) delete holder[last]
    else holder[last] = value
  }
  return box.result
}
