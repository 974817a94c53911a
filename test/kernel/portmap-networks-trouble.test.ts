/** portmap in the second network of a container: a failing call, or a kill, leaves the host ports to the first one. */
// needs: full speed, nft ip

import * as assert from 'uvu/assert'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { type Call, callAlone } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
const sandbox = newContainer()

/** ADD of the interface with this number, in a network of its own. */
function portmap(number: number): Call {
  const prevResult = { cniVersion: '1.0.0', ips: [{ address: `10.8${number}.0.2/24` }] }
  const portMappings = [{ hostPort: 5353, containerPort: 53, protocol: 'udp' }]
  const common = { cniVersion: '1.0.0', prevResult, runtimeConfig: { portMappings } }
  const config = { type: 'portmap', name: `net${number}`, ...common }
  return { verb: 'ADD', config, containerID: 'c1', ifname: `eth${number}`, netns: sandbox.path }
}

const second = portmap(1)
const look = () => snapshot()
for (const verb of ['ADD', 'DEL'] as const) callAlone({ ...second, verb }) // makes directories
assert.is(callAlone(portmap(0)).status, 0)

test('a failing call of ADD leaves the ports to the first network, and one of DEL is made good by the next DEL', async () => {
  assert.equal(await harmOfFailures(second, { look }), [])
  assert.equal(await harmOfFailuresInDel(second, { look }), [])
})

test('ADD killed at any call: after DEL the first network has the ports', async () => {
  assert.equal(await harmOfKills(second, { look }), [])
})

test.run()
