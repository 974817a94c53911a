/** BuildKit's calls, by a stand-in: prefixed names of the plugins, and a pool of namespaces that are attached ahead. */
// needs: nft ip

import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { command, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { privateHost, scratch } from '../harness/host.ts'
import { executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { callersList } from './harness/lists.ts'
import { lose, newPod, type Pod, removeBridges } from './harness/pods.ts'

await privateHost()

const prefix = 'buildkit-cni-'
const net = callersList('buildkit')

/** The directory of an image of BuildKit: there are no other names. */
function prefixed(): string {
  const directory = `${scratch}/buildkit`
  if (existsSync(directory)) return directory
  mkdirSync(directory, { recursive: true })
  for (const name of ['loopback', 'bridge', 'host-local', 'firewall'])
    symlinkSync(`${executables()}/${name}`, `${directory}/${prefix}${name}`)
  return directory
}

/** Namespaces are files of BuildKit's own root, which a boot leaves behind as plain files. */
const namespaces = '/var/lib/buildkit/net/cni'

const attachmentOf = (id: string) => ({ id, netns: `${namespaces}/${id}` })

function daemon(): Runtime {
  const network = libcni(net, prefixed())
  const release = async (id: string) => {
    const { netns } = attachmentOf(id)
    await network.del(attachmentOf(id))
    if (!existsSync(netns)) return
    if (succeeds('mountpoint', '-q', netns)) command('umount', '-l', netns)
    rmSync(netns)
  }
  return {
    start: async (known) => {
      mkdirSync(namespaces, { recursive: true })
      const running = known.map(({ id }) => id)
      for (const id of readdirSync(namespaces).filter((name) => !running.includes(name))) await release(id)
    },
    run: async (pod) => {
      const { netns } = attachmentOf(pod.id)
      writeFileSync(netns, '')
      command('mount', '--bind', pod.path, netns)
      return addressesOf((await network.add(attachmentOf(pod.id))).ips)
    },
    stop: (pod) => release(pod.id),
  }
}

testLife('BuildKit', daemon)

test('BuildKit fills its pool of namespaces at once, builds take one each, and at the end all are released', async () => {
  const buildkit = daemon()
  await buildkit.start([], [])
  const first = await attached(buildkit)
  await buildkit.stop(first)
  lose(first)
  removeBridges()
  const before = snapshot()
  const pool = await Promise.all(Array.from({ length: 8 }, () => attached(buildkit)))
  await Promise.all(pool.map(buildkit.stop))
  lose(...pool)
  removeBridges()
  unchanged(before)
})

test('the result has one interface named veth…, whose counters BuildKit reads', async () => {
  const pod = newPod()
  const network = libcni(net, prefixed())
  const attachment = { id: pod.id, netns: pod.path }
  const { interfaces } = await network.add(attachment)
  const [one, ...more] = interfaces.filter(({ name }) => name.startsWith('veth'))
  assert.ok(one && existsSync(`/sys/class/net/${one.name}/statistics/rx_bytes`))
  assert.equal(more, [])
  await network.del(attachment)
  lose(pod)
})

async function attached(runtime: Runtime): Promise<Pod> {
  const pod = newPod()
  await runtime.run(pod)
  return pod
}

test.run()
