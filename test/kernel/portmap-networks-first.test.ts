/** The same host port in several networks of a container, by nftables: the first that has it keeps it, and takes nothing of other containers. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { attach, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { type Call, type Configuration, call, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { vanish } from '../harness/vanish.ts'
import { asking, left, type Mappings, portmapAdd, tcp, withPorts } from './portmap-networks.ts'

await privateHost()
const [sandbox, other] = [newContainer(), newContainer()]
const reapply = () => command(`${executables()}/patchbay`, 'reapply')

/** ADD of a container's interface in the network of this number, which gives the address 10.80.NUMBER.2. */
function inNetwork(number: number, portMappings: Mappings, containerID = 'c1', netns = sandbox.path): Call {
  const ifname = `eth${number}`
  const ips = [{ address: `10.80.${number}.2/24`, interface: 0 }]
  const prevResult = { cniVersion: '1.0.0', interfaces: [{ name: ifname, sandbox: netns }], ips }
  const keys = { name: `net${number}`, prevResult }
  return { ...portmapAdd({ containerID, netns }, [], portMappings, keys), ifname }
}

async function succeeds(request: Call, ...verbs: Call['verb'][]): Promise<void> {
  for (const verb of verbs) {
    const { status, json } = await call({ ...request, verb })
    assert.is(status, 0, `${verb}: ${JSON.stringify(json)}`)
  }
}

/** The network that a port of the host leads to. */
function leader(port = 8080): number {
  const maps = ['portmap-ports', 'portmap-addresses'].map((map) =>
    command('nft', 'list', 'map', 'ip', 'patchbay', map),
  )
  const [, number] = new RegExp(`${port} comment "net(\\d)/`).exec(maps.join('\n')) ?? []
  assert.ok(number, maps.join('\n'))
  return Number(number)
}

const ports = { 'at all addresses': tcp(8080), 'at one address': { ...tcp(8080), hostIP: '192.0.2.7' } }
for (const [first, one] of Object.entries(ports))
  for (const [second, two] of Object.entries(ports))
    test(`a port ${first} in one network and ${second} in the next: it leads to the first, and with its DEL to the next`, async () => {
      for (const leaving of [0, 1]) {
        const both = [inNetwork(0, [one]), inNetwork(1, [two])] as const
        for (const each of both) await succeeds(each, 'ADD')
        for (const each of both) await succeeds(each, 'CHECK')
        assert.is(leader(), 0)
        await succeeds(both[leaving] as Call, 'DEL')
        await succeeds(both[1 - leaving] as Call, 'CHECK')
        assert.is(leader(), 1 - leaving)
        await succeeds(both[1 - leaving] as Call, 'DEL')
        assert.equal(left(), [])
      }
    })

for (const isLeader of [true, false])
  test(`after a flush and reapply, the network that ${isLeader ? 'has the port' : 'lacks it'} leaves: the port leads to the other`, async () => {
    const both = [inNetwork(0, [tcp(8080)]), inNetwork(1, [tcp(8080)])] as const
    for (const each of both) await succeeds(each, 'ADD')
    command('nft', 'flush ruleset')
    reapply()
    for (const each of both) await succeeds(each, 'CHECK')
    const leaving = isLeader ? leader() : 1 - leader()
    await succeeds(both[leaving] as Call, 'DEL')
    await succeeds(both[1 - leaving] as Call, 'CHECK')
    assert.is(leader(), 1 - leaving)
    await succeeds(both[1 - leaving] as Call, 'DEL')
    assert.equal(left(), [])
  })

test('a second ADD of the first network without the port leaves it to the other', async () => {
  const second = inNetwork(1, [tcp(8080)])
  for (const each of [inNetwork(0, [tcp(8080)]), second, inNetwork(0, [tcp(9090)])])
    await succeeds(each, 'ADD', 'CHECK')
  await succeeds(second, 'CHECK')
  assert.is(leader(), 1)
  for (const each of [inNetwork(0, []), second]) await succeeds(each, 'DEL')
  assert.equal(left(), [])
})

test('a container that ended without DEL, and another one has its port now: DEL of each network succeeds and takes nothing', async () => {
  const container = newContainer()
  const one = await attach(withPorts(), { ...asking(tcp(8080)), container })
  const two = await attach(withPorts(), { ...asking(tcp(8080)), container, ifname: 'eth1' })
  await vanish(container)
  const next = await attach(withPorts(), asking(tcp(8080)))
  for (const { del } of [two, one]) {
    await del()
    await next.check()
  }
  await next.del()
  assert.equal(left(), [])
})

test('another container has the address of a network now: DEL of the other network takes no element of it', async () => {
  const ended = newContainer()
  const [first, second] = [0, 1].map((number) => inNetwork(number, [tcp(8080)], 'c1', ended.path))
  for (const each of [first, second]) await succeeds(each as Call, 'ADD')
  removeContainer(ended)
  const newer = inNetwork(0, [tcp(9090)], 'd1', other.path)
  await succeeds(newer, 'ADD')
  await succeeds(second as Call, 'DEL')
  await succeeds(newer, 'CHECK')
  await succeeds(first as Call, 'DEL')
  await succeeds(newer, 'CHECK', 'DEL')
  assert.equal(left(), [])
})

test('GC of the first network leaves the port to the other', async () => {
  const [first, second] = [inNetwork(0, [tcp(8080)]), inNetwork(1, [tcp(8080)])]
  for (const each of [first, second]) await succeeds(each, 'ADD')
  const config = { ...(first.config as Configuration), cniVersion: '1.1.0', 'cni.dev/valid-attachments': [] }
  assert.equal(await call({ verb: 'GC', config }), done)
  await succeeds(second, 'CHECK')
  assert.is(leader(), 1)
  await succeeds(second, 'DEL')
  assert.equal(left(), [])
  for (const each of [sandbox, other]) removeContainer(each)
})

test.run()
