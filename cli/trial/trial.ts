/** A trial of a network: two throw-away containers, what they can do, and that nothing is left of them. */

import { runAll } from '../../shared/error/steps.ts'
import type { Adding } from '../attach/attach.ts'
import type { List } from '../attach/list.ts'
import { checks, type Scene } from './checks.ts'
import { factsOf } from './facts.ts'
import { type Finding, failed, finding, inapplicable, passed, type Verdict } from './finding.ts'
import { makeOutside, type Outside, removeOutside } from './outside.ts'
import { askForPort } from './ports.ts'
import { remainsOf } from './remains.ts'
import { attachSubject, detachSubject, makeSubject, removeSubject, type Subject, settle } from './subject.ts'

export interface Options {
  list: List
  /** The names of the namespaces begin so. */
  prefix: string
  /** The longest time for an answer, milliseconds. */
  milliseconds: number
  /** All stays for a look. */
  keep: boolean
  adding: Adding
  /** Is told what is done now. */
  progress(text: string): void
}

/** What is made during a trial, to be removed at its end. */
interface Made {
  subjects: Subject[]
  outside?: Outside
}

/** What was found, and the namespaces that stay. */
export interface Outcomes {
  findings: Finding[]
  kept: string[]
}

/**
 * Runs all checks. Whatever fails, and also when the operator interrupts, all that was made is removed.
 * @throws CniError when that was interrupted, or the removal fails
 */
export async function trial(options: Options): Promise<Outcomes> {
  const made: Made = { subjects: [] }
  try {
    const findings = await findingsOf(options, made)
    const { subjects, outside } = made
    return {
      findings,
      kept: options.keep ? [...subjects, ...(outside ? [outside] : [])].map(({ name }) => name) : [],
    }
  } finally {
    if (!options.keep) await removeAll(made, options.adding)
  }
}

async function findingsOf(options: Options, made: Made): Promise<Finding[]> {
  const { list, prefix, milliseconds, keep, adding } = options
  const facts = factsOf(list)
  const asked = facts.ports ? askForPort() : undefined
  const findings = [await addOne('add', `${prefix}-1`, options, made, asked?.capabilities)]
  const [one] = made.subjects
  if (!one?.result) return findings
  findings.push(
    facts.single
      ? { check: 'add a second', ...inapplicable(facts.single) }
      : await addOne('add a second', `${prefix}-2`, options, made),
  )
  if (facts.masquerade) made.outside = makeOutside(`${prefix}-out`)
  // Now, because all of them become ready at the same time.
  made.subjects.filter(({ result }) => result).forEach(settle)
  const other = made.subjects[1]?.result ? made.subjects[1] : undefined
  const scene: Scene = {
    list,
    facts,
    one,
    other,
    port: asked?.port,
    outside: made.outside,
    milliseconds,
    adding,
  }
  for (const [check, run] of checks) findings.push(await step(check, () => run(scene), options))
  if (!keep) findings.push(await step('DEL', () => deleteLeavesNothing(made.subjects, adding), options))
  return findings
}

/** The operator may interrupt between two steps. */
async function step(
  check: string,
  run: () => Verdict | Promise<Verdict>,
  options: Options,
): Promise<Finding> {
  options.adding.goOn()
  options.progress(check)
  return finding(check, run)
}

async function addOne(
  check: string,
  name: string,
  options: Options,
  made: Made,
  capabilities: Record<string, unknown> = {},
): Promise<Finding> {
  const { list, adding } = options
  const done = await step(
    check,
    async () => {
      const subject = makeSubject(name, list, capabilities)
      made.subjects.push(subject)
      await attachSubject(subject, adding)
      return passed(`ADD of ${list.plugins.map(({ type }) => String(type)).join(', ')}`)
    },
    options,
  )
  // An ADD that was interrupted is no failure of the network.
  adding.goOn()
  return done
}

async function deleteLeavesNothing(subjects: readonly Subject[], adding: Adding): Promise<Verdict> {
  await runAll(subjects.map((subject) => () => detachSubject(subject, adding)))
  const left = subjects.flatMap(remainsOf)
  return left.length > 0
    ? failed(`left: ${left.join(', ')}`)
    : passed('no file, no link and no interface is left')
}

/** @throws CniError of the first failure with the others */
async function removeAll({ subjects, outside }: Made, adding: Adding): Promise<void> {
  await runAll([
    ...subjects.map((subject) => () => detachSubject(subject, adding)),
    ...subjects.map((subject) => () => removeSubject(subject)),
    () => outside && removeOutside(outside),
  ])
}
