/** `patchbay doctor` in tests: a fault that is made is found, the printed commands mend it, and doctor is silent again. */

import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import { answer } from '../../cli/answers/doctor.ts'
import { run } from './operate.ts'
import { executables } from './plugin.ts'

export type Found = z.infer<typeof answer>[number]

/** What doctor finds; its exit status must say whether there is anything. */
export function findings(words = '', env: Record<string, string> = {}): Found[] {
  const done = run(doctor(), `doctor ${words} -o json`.replace(/ +/g, ' '), env)
  assert.is(done.stderr, '')
  const found = answer.parse(JSON.parse(done.stdout))
  assert.is(done.status, found.length > 0 ? 1 : 0, done.stdout)
  return found
}

const doctor = () => `${executables()}/patchbay`

/** Doctor prints nothing, of all faults or of those that `words` choose. The kernel may still be at work, for a minute. */
export async function silent(words = '', env: Record<string, string> = {}): Promise<void> {
  const line = `doctor ${words}`.trim()
  const end = performance.now() + 60_000
  const look = () => run(doctor(), line, env)
  let done = look()
  for (; done.stdout + done.stderr !== '' && performance.now() < end; done = look()) await wait(100)
  assert.equal([done.status, done.stdout, done.stderr], [0, '', ''])
}

/** Runs the commands of a finding, as an operator pastes them. */
export function mend(finding: Found): void {
  for (const command of finding.mend) {
    const done = spawnSync('sh', ['-ec', command], { encoding: 'utf8' })
    assert.is(done.status, 0, `${command}: ${done.stdout}${done.stderr}`)
  }
}

/** Makes a fault: doctor must name it, and nothing else, with evidence; the printed commands mend it. @returns the first finding */
export async function foundAndMended(
  fault: string,
  make: () => unknown,
  env: Record<string, string> = {},
): Promise<Found> {
  await make()
  const found = findings('', env)
  assert.equal([...new Set(found.map((one) => one.fault))], [fault], JSON.stringify(found, null, 1))
  for (const one of found) assert.ok(one.evidence.length > 0 && one.mend.length > 0, JSON.stringify(one))
  for (const one of found) mend(one)
  await silent('', env)
  return found[0] as Found
}
