/** What every client lives through: many pods at once, its own death, a boot. */

import * as assert from 'uvu/assert'
import { unchanged } from '../../harness/expect.ts'
import { type Snapshot, snapshot } from '../../harness/snapshot.ts'
import { test } from '../../harness/test.ts'
import { pings } from '../../harness/traffic.ts'
import { again, boot, lose, newPod, type Pod, removeBridges } from './pods.ts'

/** A runtime's process. What it remembers of pods it has read from disk. */
export interface Runtime {
  /** What it does when it starts. @param known the pods that still run @param lost those whose namespace is gone */
  start(known: readonly Pod[], lost: readonly Pod[]): Promise<void>
  /** @returns the pod's addresses, without prefix lengths */
  run(pod: Pod): Promise<string[]>
  stop(pod: Pod): Promise<void>
}

/** Tests a client. @param process a new process of its runtime */
export function testLife(name: string, process: () => Runtime): void {
  const started = async (known: readonly Pod[] = [], lost: readonly Pod[] = []) => {
    const runtime = process()
    await runtime.start(known, lost)
    return runtime
  }

  test(`${name}: ten pods at once have ten addresses and reach the host's side, and leave nothing when all stop at once`, async () => {
    const before = await emptyHost(await started())
    const runtime = await started()
    const pods = fresh(10)
    const addresses = await Promise.all(pods.map(runtime.run))
    assert.is(new Set(addresses.flat()).size, addresses.flat().length)
    assert.ok(pings(undefined, ...addresses.flatMap(([first = '']) => first)))
    await Promise.all(pods.map(runtime.stop))
    leftNothing(before, pods)
  })

  test(`${name}: killed and started again, it keeps pods that run, and nothing is left of one that died meanwhile`, async () => {
    const before = await emptyHost(await started())
    const pods = fresh(3)
    const addresses = await all(pods, (await started()).run)
    const [dead, ...alive] = pods as [Pod, ...Pod[]]
    lose(dead)
    const runtime = await started(alive, [dead])
    assert.ok(pings(undefined, ...addresses.slice(1).flatMap(([first = '']) => first)))
    await all(alive, runtime.stop)
    leftNothing(before, pods)
  })

  test(`${name}: after a boot nothing is left of the pods before it, and pods with the same ids start`, async () => {
    const before = await emptyHost(await started())
    const pods = fresh(2)
    await all(pods, (await started()).run)
    boot(pods)
    const runtime = await started([], pods)
    const back = pods.map(again)
    for (const [first = ''] of await all(back, runtime.run)) assert.ok(pings(undefined, first))
    await all(back, runtime.stop)
    leftNothing(before, back)
  })
}

function fresh(count: number): Pod[] {
  return Array.from({ length: count }, () => newPod())
}

async function all<T>(pods: readonly Pod[], act: (pod: Pod) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = []
  for (const pod of pods) outcomes.push(await act(pod))
  return outcomes
}

/** The host after a first pod, which leaves what all share: chains and sysctls. */
async function emptyHost(runtime: Runtime): Promise<Snapshot> {
  const pod = newPod()
  await runtime.run(pod)
  await runtime.stop(pod)
  lose(pod)
  removeBridges()
  return snapshot()
}

function leftNothing(before: Snapshot, pods: readonly Pod[]): void {
  lose(...pods)
  removeBridges()
  unchanged(before)
}
