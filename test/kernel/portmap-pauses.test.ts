/** Two ADDs of one host port, by either back end: one is stopped before each of its system calls, while the other runs. */
// needs: full speed, nft ip, iptables

import * as assert from 'uvu/assert'
import { newContainer, privateHost } from '../harness/host.ts'
import { harmOfPauses, type Pair } from '../harness/pausing.ts'
import { type Answer, type Call, callAlone } from '../harness/plugin.ts'
import { quickSnapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { newBridge, ruleset } from './firewall-containers.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24')
const sandbox = newContainer()

function portmap(containerID: string, address: string, backend: string): Call {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'eth0', sandbox: sandbox.path }],
    ips: [{ address, interface: 0 }],
  }
  const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
  const config = { type: 'portmap', name: 'pauses', cniVersion: '1.0.0', backend, prevResult, runtimeConfig }
  return { verb: 'ADD', config, containerID, netns: sandbox.path }
}

const oneIsRefused: Pair['judge'] = (...answers: Answer[]) => {
  const [refused, ...others] = answers.filter(({ status }) => status !== 0)
  const names = /host port 8080\/tcp is taken by pauses\/(one|two)\/eth0/
  const isRight = refused && others.length === 0 && names.test(String(refused.json?.msg))
  return isRight ? undefined : JSON.stringify(answers.map(({ status, json }) => [status, json?.msg]))
}

// The chains of iptables' table nat stay.
for (const verb of ['ADD', 'DEL'] as const) callAlone({ ...portmap('one', '10.88.0.2/24', 'iptables'), verb })

for (const [first, second] of [
  ['nftables', 'iptables'],
  ['iptables', 'nftables'],
  ['iptables', 'iptables'],
] as const)
  test(`of two ADDs of one host port at once, by ${first} and by ${second}, one gets it and the other is told which`, async () => {
    const paused = portmap('one', '10.88.0.2/24', first)
    const meanwhile = portmap('two', '10.88.0.3/24', second)
    const look = () => quickSnapshot(sandbox.name)
    assert.equal(await harmOfPauses({ paused, meanwhile, judge: oneIsRefused, look }), [])
    assert.equal(
      ruleset().filter(({ table }) => table?.name === 'patchbay'),
      [],
    )
  })

test.run()
