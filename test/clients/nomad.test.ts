/** Nomad's calls, by a stand-in: its list for jobs with `mode = "bridge"`, its CNI_ARGS, its order of verbs. */
// needs: nft ip

import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import { command } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { type Libcni, libcni } from './harness/libcni.ts'
import { type Runtime, testLife } from './harness/life.ts'
import { callersList } from './harness/lists.ts'
import { newPod, type Pod } from './harness/pods.ts'

await privateHost()

/** go-cni hands over port mappings under the names of Go's fields. */
const attachmentOf = ({ id, path, number }: Pod) => ({
  id: `${id.slice(0, 8)}-4f2a-4c0e-9f51-${id.slice(-12)}`,
  netns: path,
  args: {
    IgnoreUnknown: 'true',
    NOMAD_REGION: 'global',
    NOMAD_NAMESPACE: 'default',
    NOMAD_JOB_ID: 'web',
    NOMAD_GROUP_NAME: 'servers',
    NOMAD_ALLOC_ID: id,
  },
  capabilities: {
    portMappings: [
      { HostPort: 20000 + number, ContainerPort: 80, Protocol: 'tcp', HostIP: '' },
      { HostPort: 20000 + number, ContainerPort: 80, Protocol: 'udp', HostIP: '' },
    ],
  },
})

/** One agent. After a restart it asks CHECK of its allocations, and gives up those whose namespace is gone. */
function agent(): Runtime {
  const network = libcni(callersList('nomad'))
  return {
    start: async (known, lost) => {
      for (const pod of known) await network.check(attachmentOf(pod))
      for (const pod of lost) await network.del(attachmentOf(pod))
    },
    run: (pod) => tried(network, pod, 3),
    stop: (pod) => network.del(attachmentOf(pod)),
  }
}

async function tried(network: Libcni, pod: Pod, times: number): Promise<string[]> {
  try {
    return addressesOf((await network.add(attachmentOf(pod))).ips)
  } catch (error) {
    if (times === 1) throw error
    return tried(network, pod, times - 1)
  }
}

testLife('Nomad', agent)

test('Nomad reads a version of at least 0.4.0 from bridge, firewall, host-local, loopback and portmap', () => {
  for (const name of ['bridge', 'firewall', 'host-local', 'loopback', 'portmap']) {
    const { stdout, stderr } = spawnSync(`${executables()}/${name}`, { encoding: 'utf8', env: {} })
    const [, major, minor] = /v(\d+)\.(\d+)\.\d+/.exec(stdout + stderr) ?? []
    assert.ok(Number(major) > 0 || Number(minor) >= 4, stdout + stderr)
  }
})

test('the rules that an operator writes into NOMAD-ADMIN stay in front of the plugin’s', async () => {
  const runtime = agent()
  const [one, other] = [newPod(), newPod()]
  await runtime.run(one)
  command('iptables', '-A', 'NOMAD-ADMIN', '-p', 'tcp', '--dport', '25', '-j', 'DROP')
  await runtime.run(other)
  for (const pod of [one, other]) await runtime.stop(pod)
  assert.match(command('iptables', '-S', 'NOMAD-ADMIN'), '--dport 25 -j DROP')
  const forward = command('iptables', '-S', 'CNI-FORWARD').split('\n')
  assert.match(forward.find((line) => line.startsWith('-A')) ?? '', 'NOMAD-ADMIN')
})

test.run()
