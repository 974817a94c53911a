/** Calls of portmap that are stopped before each of their system calls: ADD beside one by the other back end, DEL beside an ADD with another port. */
// needs: full speed, nft ip, iptables

import * as assert from 'uvu/assert'
import { newContainer, privateHost } from '../harness/host.ts'
import { bothSucceed, harmOfPauses, type Pair } from '../harness/pausing.ts'
import { type Answer, callAlone } from '../harness/plugin.ts'
import { quickSnapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { newBridge } from './firewall-containers.ts'
import { left, portmapAdd, tcp } from './portmap-networks.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24')
const sandbox = newContainer()

const portmap = (containerID: string, address: string, backend: string, port = 8080) =>
  portmapAdd({ containerID, netns: sandbox.path }, [address], [tcp(port)], { backend })
const look = () => quickSnapshot(sandbox.name)

const oneIsRefused: Pair['judge'] = (...answers: Answer[]) => {
  const [refused, ...others] = answers.filter(({ status }) => status !== 0)
  const names = /host port 8080\/tcp is taken by trouble\/(one|two)\/eth0/
  const isRight = refused && others.length === 0 && names.test(String(refused.json?.msg))
  return isRight ? undefined : JSON.stringify(answers.map(({ status, json }) => [status, json?.msg]))
}

// The chains of iptables' table nat stay.
for (const verb of ['ADD', 'DEL'] as const) callAlone({ ...portmap('one', '10.88.0.2/24', 'iptables'), verb })

for (const [first, second] of [
  ['nftables', 'iptables'],
  ['iptables', 'nftables'],
] as const)
  test(`of two ADDs of one host port at once, by ${first} and by ${second}, one gets it and the other is told which`, async () => {
    const paused = portmap('one', '10.88.0.2/24', first)
    const meanwhile = portmap('two', '10.88.0.3/24', second)
    assert.equal(await harmOfPauses({ paused, meanwhile, judge: oneIsRefused, look }), [])
    assert.equal(left(), [])
  })

test('DEL beside an ADD of the same container with another port: nothing is left', async () => {
  const [first, meanwhile] = [8080, 9090].map((port) => portmap('one', '10.88.0.2/24', 'nftables', port))
  assert.ok(first && meanwhile)
  // With the last container everything goes.
  const other = portmap('two', '10.88.0.3/24', 'nftables', 8081)
  const paused = { ...first, verb: 'DEL' } as const
  const pair = { before: [other, first], paused, meanwhile, judge: bothSucceed, look }
  assert.equal(await harmOfPauses(pair), [])
  callAlone({ ...other, verb: 'DEL' })
  assert.equal(left(), [])
})

test.run()
