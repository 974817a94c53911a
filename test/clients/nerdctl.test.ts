/** nerdctl's calls, by a stand-in: hooks that attach a process's namespace, and detach without one. */
// needs: nft ip

import { spawn, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { callersList } from './harness/lists.ts'
import { again, boot, newPod, type Pod } from './harness/pods.ts'

await privateHost()

const net = callersList('nerdctl')

/** Values of `nerdctl run`. */
interface Options {
  args?: Record<string, string>
  ports?: { HostPort: number; ContainerPort: number; Protocol: string; HostIP: string }[]
}

const attachmentOf = ({ id, path, number }: Pod, { args, ports }: Options = {}) => ({
  id: `default-${id}`,
  netns: path,
  args: { IgnoreUnknown: '1', NERDCTL_CNI_DHCP_HOSTNAME: `web-${number}`, ...args },
  capabilities: {
    portMappings: ports ?? [
      { HostPort: 21000 + number, ContainerPort: 80, Protocol: 'tcp', HostIP: '0.0.0.0' },
    ],
  },
})

/** The hooks of a container. nerdctl has no process that could die; a container that ended without its hook is removed by its user. */
function hooks(): Runtime {
  const network = libcni(net)
  return {
    start: async (_known, lost) => {
      for (const pod of lost) await network.del({ ...attachmentOf(pod), netns: '' })
    },
    run: async (pod) => addressesOf((await network.add(attachmentOf(pod))).ips),
    stop: (pod) => network.del({ ...attachmentOf(pod), netns: '' }),
  }
}

testLife('nerdctl', hooks)

test('after a boot a container of nerdctl starts again under its id, without a DEL before', async () => {
  const pod = newPod()
  const before = await hooks().run(pod)
  boot([pod])
  const back = again(pod)
  const after = await hooks().run(back)
  assert.is(after.length, before.length)
  await hooks().stop(back)
  removeContainer(back)
})

test('nerdctl run --ip --mac-address -p: the address, the MAC address and the host port, for the namespace of a process', async () => {
  const network = libcni(net)
  const pod = newPod()
  const inside = spawn('ip', ['netns', 'exec', pod.name, 'sleep', '60'])
  const namespaceOf = (process: number | 'self') => readlinkSync(`/proc/${process}/ns/net`)
  await until('the process is inside', () => namespaceOf(inside.pid ?? 0) !== namespaceOf('self'))
  const options: Options = {
    args: { IP: '10.4.0.77', MAC: '02:42:0a:04:00:4d' },
    ports: [{ HostPort: 8080, ContainerPort: 7000, Protocol: 'tcp', HostIP: '' }],
  }
  const attachment = attachmentOf({ ...pod, path: `/proc/${inside.pid}/ns/net` }, options)
  assert.equal(addressesOf((await network.add(attachment)).ips), ['10.4.0.77'])
  assert.is(link('eth0', pod).address, '02:42:0a:04:00:4d')
  const mirror = await mirrorIn(pod)
  assert.ok(mirror.sourceOf(undefined, '10.4.0.1', 'tcp', 8080))
  mirror.stop()
  inside.kill('SIGKILL')
  await network.del({ ...attachment, netns: '' })
  removeContainer(pod)
})

test('nerdctl reads from the firewall’s standard error a version that isolates networks, and takes icc=false', () => {
  const { stderr } = spawnSync(`${executables()}/firewall`, { encoding: 'utf8', env: {} })
  const [, version = ''] = /^CNI firewall plugin v(\d+\.\d+\.\d+)/m.exec(stderr) ?? []
  assert.ok(version.localeCompare('1.7.1', undefined, { numeric: true }) >= 0, stderr)
})

test.run()
