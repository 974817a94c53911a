/** The tests of one containerd: what users, the kubelet and accidents do with it. */

import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { unchanged } from '../../harness/expect.ts'
import { snapshot } from '../../harness/snapshot.ts'
import { test } from '../../harness/test.ts'
import { pings } from '../../harness/traffic.ts'
import { until } from '../../harness/until.ts'
import { testKilled, testLost, testReboot } from './accident-tests.ts'
import type { Client } from './client.ts'
import { type Containerd, startContainerd, useList } from './containerd.ts'
import { image } from './containerd-config.ts'
import type { Condition, Cri, Pod } from './cri.ts'
import { group } from './groups.ts'
import { answered, end, list, warmUp } from './pod-life.ts'
import { testMany, testPod } from './pod-tests.ts'
import type { RootName } from './roots.ts'
import { callsOf } from './witness.ts'

/** Starts a containerd and registers its tests. */
export async function testContainerd(name: RootName): Promise<void> {
  const containerd = await startContainerd(name, JSON.stringify(list))
  await warmUp(containerd)
  testPlugins(containerd)
  testCtr(containerd)
  testPod(containerd)
  testMany(containerd)
  // No version differs in it. A killed containerd leaves pods that nothing knows but its cache.
  if (containerd.version >= 2) testLost(containerd)
  testKilled(containerd)
  testReboot(containerd)
  if (containerd.version >= 2) testVersion2(containerd)
  else testVersion1(containerd)
  test.after(async () => {
    containerd.cri.close()
    await containerd.kill()
  })
}

function testPlugins({ client }: Containerd): void {
  test('no plugin of another suite is there', () => {
    const place = join(client.path, 'opt/cni/bin')
    const targets = readdirSync(place).map((name) => realpathSync(join(place, name)))
    assert.equal([...new Set(targets)], [join(place, 'patchbay')])
    assert.equal(
      inDebians(client).filter((name) => readdirSync(place).includes(name)),
      [],
    )
  })
}

/** The directory of Debian's plugins, where ctr looks, too. containerd 2 brings one of its own there, cni-bridge-fp. */
function inDebians({ path }: Client): string[] {
  const directory = join(path, 'usr/lib/cni')
  return existsSync(directory) ? readdirSync(directory) : []
}

function testCtr({ client, ctr }: Containerd): void {
  test('ctr run --cni: the container reaches its gateway; DEL comes without a namespace, and nothing is left', async () => {
    const before = snapshot()
    const words = ['run', '--rm', '--cni', '--cgroup', `${group()}/ctr`, image, 'one']
    let said = ''
    const calls = await callsOf(client, 'portmap', () => {
      said = ctr(...words, 'sh', '-c', 'ip -o address show eth0; ping -c 1 -W 60 10.250.0.1')
    })
    assert.match(said, /inet 10\.250\.0\.\d+\/24/)
    assert.match(said, answered)
    assert.equal(
      calls.map(({ command, netns, config }) => [command, netns !== '', 'prevResult' in config]),
      [
        ['ADD', true, true],
        ['DEL', false, true],
      ],
    )
    unchanged(before)
  })
}

/** What containerd 1 does not know. */
function testVersion1({ client, cri }: Containerd): void {
  test('a list of version 1.1.0 stops pods, which run again with one of 1.0.0', async () => {
    const before = snapshot()
    // While the list is of version 1.1.0 they cannot be stopped.
    const pods: Pod[] = []
    const runs = () =>
      cri.run({ name: `pod${pods.length}` }).then(
        (pod) => pods.push(pod) > 0,
        () => false,
      )
    useList(client, JSON.stringify({ ...list, cniVersion: '1.1.0' }))
    await until('a pod is refused', async () => !(await runs()))
    useList(client, JSON.stringify(list))
    await until('a pod runs', runs)
    for (const pod of pods) await end(cri, pod)
    unchanged(before)
  })
}

/** What only containerd 2 does: lists of version 1.1.0, and STATUS. */
function testVersion2({ client, cri }: Containerd): void {
  const newer = { ...list, cniVersion: '1.1.0' }

  test('with a list of version 1.1.0 a pod runs, and STATUS is asked', async () => {
    const before = snapshot()
    useList(client, JSON.stringify(newer))
    await until('the list is asked for STATUS', async () =>
      (await callsOf(client, 'portmap', () => cri.conditions())).some(({ command }) => command === 'STATUS'),
    )
    const calls = await callsOf(client, 'portmap', async () => {
      const pod = await cri.run({ name: 'newer' })
      assert.ok(pings(undefined, ...(await cri.addresses(pod))))
      await cri.conditions()
      await end(cri, pod)
    })
    const seen = calls.map(({ command, config }) => `${command} ${config.cniVersion}`)
    assert.equal(seen, ['ADD 1.1.0', 'STATUS 1.1.0', 'DEL 1.1.0', 'DEL 1.1.0'])
    useList(client, JSON.stringify(list))
    unchanged(before)
  })

  test('the node is not ready while the next ADD is sure to fail, and says why', async () => {
    const isReady = async () => (await network(cri)).status
    useList(client, JSON.stringify({ ...newer, plugins: [{ type: 'macvlan', master: 'nic7' }] }))
    await until('the node is not ready', async () => !(await isReady()))
    assert.match((await network(cri)).message, /nic7/)
    useList(client, JSON.stringify(list))
    await until('the node is ready', isReady)
  })
}

/** What containerd says of the network. */
async function network(cri: Cri): Promise<Condition> {
  const found = (await cri.conditions()).find(({ type }) => type === 'NetworkReady')
  if (!found) throw new Error('containerd says nothing of the network')
  return found
}
