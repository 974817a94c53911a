/** portmap: failing calls, kills, many containers at once, one port for two; datagrams when a port changes hands. */
// needs: full speed, nft ip

import * as assert from 'uvu/assert'
import { command } from '../harness/command.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import { farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { call, callAlone } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { connect, elements, newBridge, ruleset } from './firewall-containers.ts'
import { type Mappings, portmapAdd } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
const sandbox = newContainer()

const portmap = (containerID: string, addresses: string[], portMappings: Mappings, netns = sandbox.path) =>
  portmapAdd({ containerID, netns }, addresses, portMappings)

const both = ['10.88.0.77/24', 'fd88::77/64']
const ports = [
  { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
  { hostPort: 5353, containerPort: 53, protocol: 'udp', hostIP: near.ipv4 },
]
const look = () => snapshot()

test('a failing call of ADD leaves nothing, and one of DEL is made good by the next DEL', async () => {
  const request = portmap('alone', both, ports)
  callAlone(request)
  callAlone({ ...request, verb: 'DEL' })
  assert.equal(await harmOfFailures(request, { look }), [])
  assert.equal(await harmOfFailuresInDel(request, { look }), [])
})

test('ADD killed at any call leaves nothing after DEL', async () => {
  assert.equal(await harmOfKills(portmap('alone', both, ports), { look }), [])
})

test('of twenty containers that ask for one port at once, one gets it', async () => {
  const all = Array.from({ length: 20 }, (_, index) =>
    portmap(`c${index}`, [`10.88.0.${index + 100}/24`], [ports[0] ?? {}]),
  )
  const answers = await Promise.all(all.map(call))
  assert.is(answers.filter(({ status }) => status === 0).length, 1)
  for (const { status, json } of answers)
    if (status !== 0) assert.match(String(json?.msg), /host port 8080\/tcp is taken by trouble\/c\d+\/eth0/)
  assert.is(elements('ip', 'portmap-ports').length, 1)
  for (const one of all) assert.is((await call({ ...one, verb: 'DEL' })).status, 0)
  assert.equal(ruleset(), [])
})

test('twenty containers with a port each, added and deleted at once, leave nothing', async () => {
  const all = Array.from({ length: 20 }, (_, index) =>
    portmap(
      `c${index}`,
      [`10.88.0.${index + 100}/24`, `fd88::${index + 100}/64`],
      [{ ...ports[0], hostPort: 8000 + index }],
    ),
  )
  for (const { status, json } of await Promise.all(all.map(call))) assert.is(status, 0, JSON.stringify(json))
  assert.equal([elements('ip', 'portmap-ports').length, elements('ip6', 'portmap-ports').length], [20, 20])
  for (const { status } of await Promise.all(all.map((one) => call({ ...one, verb: 'DEL' }))))
    assert.is(status, 0)
  assert.equal(ruleset(), [])
})

const range = { hostPort: 20000, containerPort: 20000, protocol: 'tcp', range: 2000 }
const single = Array.from({ length: 2000 }, (_, at) => ({
  hostPort: 20000 + at,
  containerPort: 80,
  hostIP: near.ipv4,
}))

for (const [what, mappings, counts] of [
  ['a range of two thousand ports', [range], [2000, 2000]],
  ['two thousand ports at one address', single, [0, 0]],
] as const)
  test(`${what} is one transaction, and so is its DEL`, async () => {
    const request = portmap('many', both, [...mappings])
    const { status, json } = await call(request)
    assert.is(status, 0, JSON.stringify(json))
    assert.equal([elements('ip', 'portmap-ports').length, elements('ip6', 'portmap-ports').length], counts)
    // With the one that no mapping has.
    assert.is(elements('ip', 'portmap-taken').length, 2001)
    assert.is((await call({ ...request, verb: 'CHECK' })).status, 0)
    assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
    assert.equal(ruleset(), [])
  })

test('CHECK of thousands of ports names the one that is missing', async () => {
  const request = portmap('many', both, [range])
  assert.is((await call(request)).status, 0)
  command('nft', 'delete element ip patchbay portmap-ports { tcp . 21000 }')
  const { json } = await call({ ...request, verb: 'CHECK' })
  assert.match(String(json?.msg), /tcp \. 21000 is missing in ip patchbay portmap-ports/)
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  assert.equal(ruleset(), [])
})

test('a client of UDP that keeps its port reaches the next container that has the host port, after one datagram at most', async () => {
  const [first, next] = [
    await connect('br0', 'trouble', '10.88.0.2/24'),
    await connect('br0', 'trouble', '10.88.0.3/24'),
  ]
  await mirrorIn(first.netns)
  await mirrorIn(next.netns)
  const sixThousand = [{ hostPort: 6000, containerPort: 7000, protocol: 'udp' }]
  const one = portmap('one', ['10.88.0.2/24'], sixThousand, first.netns.path)
  const two = portmap('two', ['10.88.0.3/24'], sixThousand, next.netns.path)
  const client = () =>
    command(
      ...(['ip', 'netns', 'exec', outside.name, 'bash', '-c'] as [string, ...string[]]),
      `echo 45000 45001 >/proc/sys/net/ipv4/ip_local_port_range; exec 3<>/dev/udp/${near.ipv4}/6000; for seconds in 1 20; do echo >&3; timeout $seconds dd bs=64 count=1 status=none <&3 && exit; done; exit 1`,
    ).trim()
  assert.is((await call(one)).status, 0)
  assert.is(client(), '198.51.100.1')
  assert.is((await call({ ...one, verb: 'DEL' })).status, 0)
  assert.is((await call(two)).status, 0)
  command('ip', '-n', first.netns.name, 'link', 'set', 'eth0', 'down')
  assert.is(client(), '198.51.100.1')
  assert.is((await call({ ...two, verb: 'DEL' })).status, 0)
})

test.run()
