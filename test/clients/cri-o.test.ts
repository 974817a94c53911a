/** CRI-O's calls, by a stand-in: what its version 1.36 was seen to send. */
// needs: nft ip, link macvlan

import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import type { Network } from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { collects, gc } from '../harness/ended.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { type Libcni, libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { lose, newPod, type Pod, removeBridges } from './harness/pods.ts'

await privateHost()

/** A chain in which tuning changes the MTU after the bridge has answered. */
const list = (cniVersion: string, subnet = '10.85.0.0/24'): Network => ({
  cniVersion,
  name: 'crio',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: hostLocal(subnet),
    },
    { type: 'firewall' },
    { type: 'bandwidth', capabilities: { bandwidth: true } },
    {
      type: 'tuning',
      mtu: 1400,
      capabilities: { 'io.kubernetes.cri.pod-annotations': true, cgroupPath: true },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
})

/** What CRI-O hands over for a pod; it never hands over host ports. */
const attachmentOf = ({ id, path, number }: Pod) => ({
  id,
  netns: path,
  ifname: 'eth0',
  args: {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: 'default',
    K8S_POD_NAME: `web-${number}`,
    K8S_POD_INFRA_CONTAINER_ID: id,
    K8S_POD_UID: `b1a5-${number}`,
  },
  capabilities: {
    'io.kubernetes.cri.pod-annotations': { 'kubernetes.io/config.source': 'api' },
    bandwidth: {
      ingressRate: 10_000_000,
      ingressBurst: 34359738359,
      egressRate: 10_000_000,
      egressBurst: 34359738359,
    },
    cgroupPath: '/kubepods.slice/pod.slice',
  },
})

/** One process of CRI-O. */
function crio(net: Network, directory?: string): Runtime {
  const network = libcni(net, directory)
  return {
    start: (known) => start(network, known),
    run: (pod) => run(network, pod),
    stop: (pod) => stop(network, pod),
  }
}

async function start(network: Libcni, known: readonly Pod[]): Promise<void> {
  await network.versions()
  await until('STATUS succeeds', () =>
    network.status().then(
      () => true,
      () => false,
    ),
  ) // CRI-O: every half second
  const valid = known.map(attachmentOf)
  await network.gc(valid)
  for (const attachment of valid) await network.check(attachment)
}

async function run(network: Libcni, pod: Pod): Promise<string[]> {
  const attachment = attachmentOf(pod)
  try {
    const { ips } = await network.add(attachment)
    await network.check(attachment)
    return addressesOf(ips)
  } catch (error) {
    await network.del(attachment)
    throw error
  }
}

/** One DEL, before the containers stop; a second stop asks for nothing. */
async function stop(network: Libcni, pod: Pod): Promise<void> {
  if (network.cached().some(({ id }) => id === pod.id)) await network.del(attachmentOf(pod))
}

for (const version of ['0.4.0', '1.1.0']) testLife(`CRI-O, ${version}`, () => crio(list(version)))

test('CRI-O stops a pod whose namespace is gone, twice, and nothing is left', async () => {
  const runtime = crio(list('1.0.0'))
  await runtime.stop(await ran(runtime))
  removeBridges()
  const before = snapshot()
  const pod = await ran(runtime)
  lose(pod)
  for (let twice = 0; twice < 2; twice++) await runtime.stop(pod)
  removeBridges()
  unchanged(before)
})

test('CRI-O fails a pod whose CHECK fails right after ADD, and nothing of it is left', async () => {
  const runtime = crio(list('1.0.0'))
  await runtime.stop(await ran(runtime))
  removeBridges()
  const before = snapshot()
  const broken: Network = { ...list('1.0.0'), plugins: [...list('1.0.0').plugins, { type: 'flush' }] }
  const pod = newPod()
  assert.match(await refusal(crio(broken, withFlush()).run(pod)), 'CHECK of bridge')
  lose(pod)
  removeBridges()
  unchanged(before)
})

test('patchbay gc beside CRI-O changes nothing of its pods, deletes a lost one, and CRI-O’s later DEL of that succeeds', async () => {
  const network = libcni(list('1.0.0'))
  const runtime = crio(list('1.0.0'))
  const pod = await ran(runtime)
  const before = snapshot()
  assert.is(gc(), 'attachments: 1 live\n')
  const lost = await ran(runtime)
  lose(lost)
  await collects(list('1.0.0'), [lost], '1 live, ')
  unchanged(before)
  await network.check(attachmentOf(pod))
  await network.del(attachmentOf(lost))
  unchanged(before)
  await network.check(attachmentOf(pod))
  await runtime.stop(pod)
  lose(pod)
  removeBridges()
})

test('CRI-O waits with its pods until STATUS succeeds: until the parent is there', async () => {
  const macvlan = { type: 'macvlan', master: 'late0', ipam: hostLocal('10.86.0.0/24') }
  const net = { cniVersion: '1.1.0', name: 'late', plugins: [macvlan] }
  assert.match(await refusal(libcni(net).status()), 'late0')
  const started = crio(net).start([], [])
  ip('link add late0 up type veth peer name late0-peer')
  await started
  ip('link delete late0')
})

test('a range full of addresses of pods long gone does not keep CRI-O from starting, and its GC frees them', async () => {
  const net = list('1.1.0', '10.87.0.0/29') // five addresses besides the gateway
  const lost = await Promise.all(Array.from({ length: 5 }, () => ran(crio(net))))
  lose(...lost)
  for (const { id } of lost) forget(id)
  assert.match(await refusal(crio(net).run(newPod())), 'ADD of bridge')
  const runtime = crio(net)
  await runtime.start([], [])
  const pod = newPod()
  const addresses = await runtime.run(pod)
  assert.ok(pings(undefined, ...addresses))
  await runtime.stop(pod)
  removeBridges()
})

test('a hundred pods in a row, each with ADD, CHECK and DEL, leave nothing', async () => {
  const net = list('1.0.0')
  const runtime = crio({ ...net, plugins: net.plugins.slice(0, 1) })
  await runtime.stop(await ran(runtime))
  const pod = newPod()
  const before = snapshot()
  const begin = Date.now()
  for (let count = 0; count < 100; count++) {
    const one = { ...pod, id: `row-${count}` }
    await runtime.run(one)
    await runtime.stop(one)
  }
  console.log(`a hundred pods in a row took ${Date.now() - begin} ms`)
  unchanged(before)
})

async function ran(runtime: Runtime): Promise<Pod> {
  const pod = newPod()
  await runtime.run(pod)
  return pod
}

/** The cache is lost, as that of a runtime that was replaced. */
function forget(id: string): void {
  const directory = '/var/lib/cni/results'
  for (const name of readdirSync(directory)) if (name.includes(id)) rmSync(`${directory}/${name}`)
}

/** Our plugins, and one that takes the addresses of the interface away. */
function withFlush(): string {
  const directory = `${scratch}/flush`
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(executables()))
    symlinkSync(`${executables()}/${name}`, `${directory}/${name}`)
  writeFileSync(`${directory}/flush`, flush, { mode: 0o755 })
  return directory
}

/** prevResult is the last key of its configuration. */
const flush = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
nsenter --net="$CNI_NETNS" ip address flush dev "$CNI_IFNAME" scope global
sed -n 's/.*"prevResult":\\(.*\\)}$/\\1/p'
`

test.run()
