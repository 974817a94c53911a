/** The tests of one containerd: what users, the kubelet and accidents do with it. */

import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { gc } from '../../harness/cnitool.ts'
import { ipJson } from '../../harness/command.ts'
import { unchanged } from '../../harness/expect.ts'
import { isFullRun } from '../../harness/full.ts'
import { reservedIn } from '../../harness/look.ts'
import { exampleNetwork } from '../../harness/networks.ts'
import { rulesetLines } from '../../harness/ruleset.ts'
import { filesIn, type Snapshot, snapshot } from '../../harness/snapshot.ts'
import { test } from '../../harness/test.ts'
import { pings } from '../../harness/traffic.ts'
import { until } from '../../harness/until.ts'
import type { Client } from './client.ts'
import { type Containerd, startContainerd, useList } from './containerd.ts'
import { image } from './containerd-config.ts'
import type { Condition, Cri, Pod } from './cri.ts'
import { group } from './groups.ts'
import { reboot } from './reboot.ts'
import type { RootName } from './roots.ts'
import { callsOf } from './witness.ts'

const list = exampleNetwork('250-kubernetes.conflist')
/** The end of ping, as busybox says it. */
const answered = '1 packets received'
const records = '/var/lib/cni/networks/kubernetes'

/** A pod's life at once: what the node keeps from then on is there. */
async function warmUp({ cri }: Containerd): Promise<void> {
  const pod = await cri.run({ name: 'warm', ports: [{ hostPort: 18099, containerPort: 80 }] })
  await end(cri, pod)
}

async function end(cri: Cri, pod: Pod): Promise<void> {
  await cri.stop(pod)
  await cri.remove(pod)
}

/** Starts a containerd and registers its tests. */
export async function testContainerd(name: RootName): Promise<void> {
  const containerd = await startContainerd(name, JSON.stringify(list))
  await warmUp(containerd)
  testPlugins(containerd)
  testCtr(containerd)
  testPod(containerd)
  testMany(containerd)
  testKilled(containerd)
  testReboot(containerd)
  if (containerd.version >= 2) testVersion2(containerd)
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
      said = ctr(...words, 'sh', '-c', 'ip -o address show eth0; ping -c 1 -W 5 10.250.0.1')
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

function testPod({ client, cri }: Containerd): void {
  test('a pod has an address of each family, answers pings, and serves its host port; it may be stopped twice', async () => {
    const before = snapshot()
    const pod = await cri.run({ name: 'web', ports: [{ hostPort: 18083, containerPort: 80 }] })
    const addresses = await cri.addresses(pod)
    assert.match(addresses.join(), /^10\.250\.0\.\d+,fd00:10:250::[0-9a-f]+$/)
    assert.ok(pings(undefined, ...addresses))
    const container = await cri.start(pod, image, ['httpd', '-f', '-p', '80', '-h', '/etc'])
    assert.match(await textAt('http://127.0.0.1:18083/passwd'), 'root:')
    assert.match(await cri.exec(container, ['ping', '-c', '1', '-W', '5', '10.250.0.1']), answered)
    await cri.stop(pod)
    assert.not(await cri.isReady(pod))
    await cri.stop(pod)
    await cri.remove(pod)
    unchanged(before)
  })

  test('a pod reaches another one', async () => {
    const before = snapshot()
    const [one, other] = [await cri.run({ name: 'one' }), await cri.run({ name: 'other' })]
    const container = await cri.start(one, image, ['sleep', '1000'])
    for (const address of await cri.addresses(other))
      assert.match(await cri.exec(container, ['ping', '-c', '1', '-W', '5', address]), answered)
    for (const pod of [one, other]) await end(cri, pod)
    unchanged(before)
  })

  test('host ports come with the names of Go’s fields, and DEL twice: the second without a namespace', async () => {
    const before = snapshot()
    const calls = await callsOf(client, 'portmap', async () => {
      const pod = await cri.run({ name: 'seen', ports: [{ hostPort: 18084, containerPort: 80 }] })
      await end(cri, pod)
    })
    assert.equal(
      calls.map(({ command, netns }) => [command, netns !== '']),
      [
        ['ADD', true],
        ['DEL', true],
        ['DEL', false],
      ],
    )
    assert.equal(calls[0]?.config.runtimeConfig?.portMappings, [
      { HostPort: 18084, ContainerPort: 80, Protocol: 'tcp', HostIP: '' },
    ])
    unchanged(before)
  })
}

async function textAt(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text()
}

/** A hundred take half a minute. */
const inARow = isFullRun() ? 100 : 15

function testMany({ cri }: Containerd): void {
  test('ten pods at once have addresses and host ports of their own, and leave nothing', async () => {
    const before = snapshot()
    const numbers = Array.from({ length: 10 }, (_, number) => number)
    const ports = (number: number) => [{ hostPort: 18100 + number, containerPort: 80 }]
    const pods = await Promise.all(
      numbers.map((number) => cri.run({ name: `p${number}`, ports: ports(number) })),
    )
    const addresses = (await Promise.all(pods.map(cri.addresses))).flat()
    assert.is(new Set(addresses).size, 20)
    assert.ok(pings(undefined, ...addresses))
    await Promise.all(pods.map((pod) => end(cri, pod)))
    unchanged(before)
  })

  test(`${inARow} pods, one after another, leave nothing`, async () => {
    const before = snapshot()
    for (let number = 0; number < inARow; number++)
      await end(cri, await cri.run({ name: `r${number}`, ports: [{ hostPort: 18085, containerPort: 80 }] }))
    unchanged(before)
  })
}

function testKilled({ cri, kill, start }: Containerd): void {
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
    await settled
    for (const id of await cri.list()) await end(cri, { id, config: {} })
    await gc({ ...list, cniVersion: '1.1.0' })
    unchanged(before, ofPlugins)
  })
}

/** What plugins make. A killed containerd forgets files of its own. */
function ofPlugins(): Snapshot {
  return snapshot().filter((line) => !line.startsWith('file /run/containerd/'))
}

function testReboot(containerd: Containerd): void {
  const { client, cri, kill, start } = containerd

  test('after a reboot the pods of before can be removed, their addresses are free, and new pods run', async () => {
    const files = filesIn(ofPlugins())
    const rules = rulesetLines()
    for (const name of ['b1', 'b2'])
      await cri.run({ name, ports: [{ hostPort: 18087, containerPort: 80 }] }).catch(() => {})
    await kill()
    await reboot(client)
    await start()
    for (const id of await cri.list()) await end(cri, { id, config: {} })
    assert.equal(reservedIn(records), [])
    await warmUp(containerd)
    assert.equal(filesIn(ofPlugins()), files)
    assert.equal(rulesetLines(), rules)
    assert.equal(ipJson('link show type veth'), [])
  })
}

/** What only containerd 2 does: lists of version 1.1.0, and STATUS. */
function testVersion2({ client, cri }: Containerd): void {
  const newer = { ...list, cniVersion: '1.1.0' }

  test('with a list of version 1.1.0 a pod runs, and STATUS is asked', async () => {
    const before = snapshot()
    useList(client, JSON.stringify(newer))
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
