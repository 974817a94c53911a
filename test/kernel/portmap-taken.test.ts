/** portmap: a host port that another container has is refused, wherever it has it, and goes to the next one when that has ended. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { add as addByIptables } from '../../shared/firewall/portmap-iptables.ts'
import type { Mapping } from '../../shared/firewall/portmap-rules.ts'
import { attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { type Call, call } from '../harness/plugin.ts'
import { mapByNftables } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { vanish } from '../harness/vanish.ts'
import { ruleset } from './firewall-containers.ts'
import { rulesOf } from './portmap-mappings.ts'
import { asking, left, tcp, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()

test('the second container that asks for a port is refused with the first one’s name, and leaves nothing', async () => {
  const net = withPorts()
  const first = await attach(net, asking(tcp(8080)))
  const container = newContainer()
  const before = ruleset()
  const said = await refusal(cnitool.add(net, container, asking(tcp(8080))))
  assert.match(said, new RegExp(`host port 8080/tcp is taken by ${net.name}/cnitool-[0-9a-f]+/eth0`))
  assert.equal(ruleset(), before)
  await first.check()
  await first.del()
  removeContainer(container)
})

test('the refusal by iptables names network, container and interface, and the command that shows the rules', async () => {
  const net = withPorts({ backend: 'iptables' })
  const first = await attach(net, asking(tcp(8080)))
  const container = newContainer()
  const said = await refusal(cnitool.add(net, container, asking(tcp(8080))))
  assert.match(said, new RegExp(`host port 8080/tcp is taken by ${net.name}/cnitool-[0-9a-f]+/eth0`))
  assert.match(said, /iptables-save -t nat \| grep -F cnitool-/)
  await first.del()
  removeContainer(container)
})

for (const [first, second] of [
  ['iptables', 'nftables'],
  ['nftables', 'iptables'],
])
  test(`a port that a container has by ${first} is refused to one by ${second}, and goes to it when the first has ended`, async () => {
    const holder = await attach(withPorts({ backend: first }), asking(tcp(8080)))
    const net = withPorts({ backend: second })
    const container = newContainer()
    const rules = () => JSON.stringify(ruleset()).replaceAll(/"counter":{[^}]*}/g, '')
    const before = rules()
    assert.match(await refusal(cnitool.add(net, container, asking(tcp(8080)))), /port 8080\/tcp is taken by/)
    assert.is(rules(), before)
    removeContainer(container)
    await vanish(holder)
    const next = await attach(net, asking(tcp(8080)))
    const server = await mirrorIn(next)
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
    await holder.del()
    await next.check()
    await next.del()
    assert.equal(left(), [])
  })

const held: Mapping[] = [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }]
const theirs = { network: 'theirs', containerID: 'reference', ifname: 'eth0' }

for (const [by, make] of Object.entries({
  nftables: async () => mapByNftables('reference', '10.99.0.2', held),
  iptables: () =>
    addByIptables(rulesOf({ attachment: theirs, addresses: ['10.99.0.2/24'] }, { mappings: held })),
}))
  for (const backend of ['nftables', 'iptables'])
    test(`a port that the reference has by ${by} is refused to a container by ${backend}`, async () => {
      await make()
      const container = newContainer()
      const said = await refusal(cnitool.add(withPorts({ backend }), container, asking(tcp(8080))))
      assert.match(said, /port 8080\/tcp is taken by .*reference/)
      removeContainer(container)
      command('nft', 'flush ruleset')
      assert.equal(left(), [])
    })

/** What may be flushed of the host ports of all live containers at once. */
const flushes: Record<string, string[]> = {
  'the ruleset': ['flush ruleset'],
  'the ports and what is taken': [
    'flush map ip patchbay portmap-ports',
    'flush map ip patchbay portmap-taken',
  ],
  'what is taken': ['flush map ip patchbay portmap-taken'],
}

for (const [what, commands] of Object.entries(flushes))
  test(`after the flush of ${what} the first ADD restores the host ports of live containers, so every later one is refused theirs`, async () => {
    const net = withPorts()
    const live = await attach(net, asking(tcp(8080)))
    for (const one of commands) command('nft', one)
    const next = await attach(net, asking(tcp(9090)))
    await live.check()
    for (const mapping of [tcp(8080), { ...tcp(8080), hostIP: near.ipv4 }]) {
      const container = newContainer()
      assert.match(await refusal(cnitool.add(net, container, asking(mapping))), /8080\/tcp is taken by/)
      removeContainer(container)
    }
    const server = await mirrorIn(live)
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
    for (const one of [live, next]) await one.del()
    assert.equal(left(), [])
  })

test('an ADD after a flush that asks for the port of a live container is refused, and that container has its port again', async () => {
  const net = withPorts()
  const live = await attach(net, asking(tcp(8080)))
  command('nft', 'flush ruleset')
  const container = newContainer()
  assert.match(await refusal(cnitool.add(net, container, asking(tcp(8080)))), /port 8080\/tcp is taken by/)
  await live.check()
  removeContainer(container)
  await live.del()
  assert.equal(left(), [])
})

test('what ended without DEL is not restored after a flush', async () => {
  const net = withPorts()
  const ended = await attach(net, asking(tcp(8080)))
  await vanish(ended)
  command('nft', 'flush ruleset')
  const next = await attach(net, asking(tcp(9090)))
  assert.not.match(JSON.stringify(left()), ended.name)
  await next.del()
  await ended.del()
  assert.equal(left(), [])
})

test('the port of a container that ended without DEL goes to the next, and the late DEL takes nothing from it', async () => {
  const net = withPorts()
  const ended = await attach(net, asking(tcp(8080)))
  await vanish(ended)
  const next = await attach(net, asking(tcp(8080)))
  await ended.del()
  await next.check()
  const server = await mirrorIn(next)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  await next.del()
  assert.equal(left(), [])
})

test('a caller that does not see the namespace of a live container gets none of its ports', async () => {
  const net = withPorts()
  const live = await attach(net, asking(tcp(8080)))
  const other = newContainer()
  const request: Call = {
    ...{ verb: 'ADD', containerID: other.name, netns: other.path },
    under: ['unshare', '--mount', 'sh', '-c', `umount ${live.path} && exec "$0"`],
    config: {
      ...{
        type: 'portmap',
        name: 'unseeing',
        cniVersion: '1.0.0',
        runtimeConfig: asking(tcp(8080)).capabilities,
      },
      prevResult: { cniVersion: '1.0.0', ips: [{ address: '10.99.0.2/24' }] },
    },
  }
  const { status, json } = await call(request)
  assert.is(status, 1)
  assert.match(`${json?.msg}`, /host port 8080\/tcp is taken by/)
  await live.check()
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  removeContainer(other)
  await live.del()
  assert.equal(left(), [])
})

test.run()
