/** The tests of accidents: a killed containerd, a reboot. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { gc } from '../../harness/cnitool.ts'
import { ipJson } from '../../harness/command.ts'
import { unchanged } from '../../harness/expect.ts'
import { reservedIn } from '../../harness/look.ts'
import { rulesetLines } from '../../harness/ruleset.ts'
import { filesIn, type Snapshot, snapshot } from '../../harness/snapshot.ts'
import { test } from '../../harness/test.ts'
import { pings } from '../../harness/traffic.ts'
import { until } from '../../harness/until.ts'
import { type Client, namespaceOf } from './client.ts'
import type { Containerd } from './containerd.ts'
import type { Pod } from './cri.ts'
import { collectorOf } from './gc.ts'
import { processesIn } from './groups.ts'
import { end, list, records, warmUp } from './pod-life.ts'
import { reboot } from './reboot.ts'

/** containerd ends with SIGKILL. */
export function testKilled({ cri, kill, start }: Containerd): void {
  test('containerd is killed and started again: its pods go on, and leave nothing when they are removed', async () => {
    const before = snapshot()
    const pods = [await cri.run({ name: 'k1', ports: [{ hostPort: 18086, containerPort: 80 }] })]
    pods.push(await cri.run({ name: 'k2' }))
    await kill()
    await start()
    for (const pod of pods) assert.ok(await cri.isReady(pod))
    for (const pod of pods) assert.ok(pings(undefined, ...(await cri.addresses(pod))))
    for (const pod of pods) await end(cri, pod)
    unchanged(before)
  })

  test('containerd is killed while ten pods are made: what it knows of can be removed, and GC removes the rest', async () => {
    const before = ofPlugins()
    const runs = Array.from({ length: 10 }, (_, number) => cri.run({ name: `h${number}` }))
    const settled = Promise.allSettled(runs)
    await runs[0]
    await kill()
    await start()
    await until('no call of the killed one goes on', () => !readdirSync('/proc').some(isOfPlugin))
    await settled
    for (const id of await cri.list()) await end(cri, { id, config: {} })
    await gc({ ...list, cniVersion: '1.1.0' })
    unchanged(before, ofPlugins)
  })
}

/** Whether a process is a plugin's: they go on when the runtime that has called them is killed. */
function isOfPlugin(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes('/opt/cni/bin/')
  } catch {
    return false
  }
}

/** What plugins make. A killed containerd forgets files of its own. */
function ofPlugins(): Snapshot {
  return snapshot().filter((line) => !line.startsWith('file /run/containerd/'))
}

/** A pod ends with its namespace, and DEL is lost or late. */
export function testLost({ client, cri }: Containerd): void {
  test('a pod whose processes and namespace are gone: patchbay gc deletes what is left, a pod that runs keeps all, and both can be removed', async () => {
    const before = snapshot()
    const running = await cri.run({ name: 'g1', ports: [{ hostPort: 18089, containerPort: 80 }] })
    const ofRunning = ofPlugins()
    const { gc, collect } = collectorOf(client, '/opt/cni/bin/patchbay')
    const lost = await cri.run({ name: 'g2', ports: [{ hostPort: 18090, containerPort: 80 }] })
    // containerd has loopback as a network of its own.
    assert.equal(gc(), ['attachments: 4 live'])
    const netns = lose(client, lost)
    assert.equal((await collect()).sort(), [
      'attachments: 2 live, 2 deleted',
      `cni-loopback/${lost.id}/lo: deleted, its namespace ${netns} is gone`,
      `${list.name}/${lost.id}/eth0: deleted, its namespace ${netns} is gone`,
    ])
    unchanged(ofRunning, ofPlugins)
    assert.ok(pings(undefined, ...(await cri.addresses(running))))
    for (const pod of [lost, running]) await end(cri, pod)
    unchanged(before)
  })
}

/** Ends a pod's processes and its namespace behind containerd's back. @returns the path of the namespace */
function lose({ path, run }: Client, { id }: Pod): string {
  const { netns } = JSON.parse(readFileSync(`/var/lib/cni/results/${list.name}-${id}-eth0`, 'utf8'))
  const inode = run('busybox', 'stat', '-Lc', '%i', netns).trim()
  for (const pid of processesIn(join(path, 'sys/fs/cgroup')))
    if (namespaceOf(pid, 'net') === Number(inode)) process.kill(pid, 'SIGKILL')
  run('busybox', 'umount', '-l', netns)
  run('busybox', 'rm', netns)
  return netns
}

/** The machine is started again. */
export function testReboot(containerd: Containerd): void {
  const { client, cri, kill, start } = containerd

  test('after a reboot the pods of before can be removed, their addresses are free, and new pods run', async () => {
    const files = filesIn(ofPlugins())
    const rules = rulesetLines()
    for (const hostPort of [18087, 18088])
      await cri.run({ name: `b${hostPort}`, ports: [{ hostPort, containerPort: 80 }] })
    assert.is(reservedIn(records).length, 4)
    await kill()
    await reboot(client)
    await start()
    const known = await cri.list()
    assert.is(known.length, 2)
    for (const id of known) await end(cri, { id, config: {} })
    assert.equal(reservedIn(records), [])
    await warmUp(containerd)
    assert.equal(filesIn(ofPlugins()), files)
    assert.equal(rulesetLines(), rules)
    assert.equal(ipJson('link show type veth'), [])
  })
}
