/** The helper of a deletion: the process that waits in DEL's place. */

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { done } from './attach.ts'
import { faultsOf, killedAt } from './faults.ts'
import { type Call, callAlone } from './plugin.ts'
import { ifThere } from './snapshot.ts'
import { until } from './until.ts'

/** Has the process ID of the last helper. */
export const pidFile = '/run/patchbay/helper'

/** The process ID of the last helper; 0 without one. */
export function lastHelper(): number {
  return existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0
}

/** Whether a process is there, or a zombie of it. */
export function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`)
}

/** Waits until the last helper has ended and is reaped: no other is made beside a zombie. */
export function helperIsGone(): Promise<void> {
  return until('the last helper is gone', () => !isThere(lastHelper()))
}

/** A DEL whose helper lives a minute longer. @returns the helper, after the end of the DEL and of its output */
export async function lingering(del: Call): Promise<number> {
  await helperIsGone()
  assert.equal(callAlone({ ...del, engine: 'test', env: { PATCHBAY_LINGER: '60000' } }), done)
  return lastHelper()
}

/** What a process has open, without numbers: `socket:[N]`. */
export function openFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory).flatMap((fd) =>
    ifThere(() => [readlinkSync(`${directory}/${fd}`).replace(/\d+/, 'N')]),
  )
}

/** Kills a DEL before, between and after the calls that make its helper and the deletion; the next one leaves nothing. @param leavesNothing asserts it */
export async function survivesKills(del: Call, leavesNothing: () => void): Promise<void> {
  await helperIsGone()
  const faults = await faultsOf(del)
  const first = faults.findIndex(({ syscall }) => syscall === 'clone')
  assert.ok(first > 0)
  for (const fault of faults.slice(first - 1, first + 4)) {
    assert.is(callAlone({ ...del, verb: 'ADD' }).status, 0)
    await helperIsGone()
    assert.ok((await killedAt(del, fault)).status > 1)
    assert.equal(callAlone(del), done)
    leavesNothing()
  }
}
