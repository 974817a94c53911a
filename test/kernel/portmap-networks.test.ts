/** A container in several networks: podman and nerdctl hand the same host ports to the portmap of each. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import {
  far,
  farHost,
  type Netns,
  near,
  newContainer,
  privateHost,
  removeContainer,
  setSysctl,
} from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { type Mirror, mirrorIn } from '../harness/traffic.ts'
import { ruleset } from './firewall-containers.ts'

await privateHost()
const outside = farHost()
// What is forwarded over IPv6 would wait for each new bridge's link-local address.
setSysctl('net/ipv6/conf/default/accept_dad', 0)

const portMappings = [
  { hostPort: 8080, containerPort: 7000, protocol: 'tcp' },
  { hostPort: 8080, containerPort: 7000, protocol: 'udp' },
]
const extras = { capabilities: { portMappings } }

function network(backend: string): Network {
  const net = bridgeNetwork({ isDefaultGateway: true })
  const portmap = { type: 'portmap', backend, capabilities: { portMappings: true } }
  return { ...net, plugins: [...net.plugins, portmap] }
}

/** The interfaces eth0, eth1 … of a container, each in a network of its own. */
async function inNetworks(container: Netns, ...backends: string[]): Promise<Attached[]> {
  const attached: Attached[] = []
  for (const [index, backend] of backends.entries())
    attached.push(await attach(network(backend), { ...extras, container, ifname: `eth${index}` }))
  return attached
}

/** A far host reaches the container by the port. Over UDP a server would have to answer from the address that was asked. */
function isReached(server: Mirror): void {
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), far.ipv6)
}

const left = () => JSON.stringify(ruleset()).match(/cnitool-\w+|CNI-DN-\w+/g)

const nftables = ['nftables', 'nftables', 'nftables']
/** The back ends of three networks, and in which order the container leaves them. */
const ways: [string[], number[]][] = [
  [nftables, [0, 1, 2]],
  [nftables, [2, 1, 0]],
  [nftables, [1, 2, 0]],
  [
    ['iptables', 'iptables', 'iptables'],
    [1, 2, 0],
  ],
  [
    ['nftables', 'iptables', 'nftables'],
    [2, 1, 0],
  ],
]

for (const [backends, order] of ways)
  test(`the same ports in networks by ${backends.join(', ')}: CHECK holds in each, and the port leads to the container until it has left all (${order})`, async () => {
    const container = newContainer()
    const all = await inNetworks(container, ...backends)
    const server = await mirrorIn(container)
    for (const { check } of all) await check()
    isReached(server)
    for (const [at, index] of order.entries()) {
      await all[index]?.del()
      const later = order.slice(at + 1)
      if (later.length > 0) isReached(server)
      for (const each of later) await all[each]?.check()
    }
    assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
    server.stop()
    removeContainer(container)
    assert.is(left(), null)
  })

test('another container is refused as long as one of the networks has the port', async () => {
  const container = newContainer()
  const [one, two] = await inNetworks(container, 'nftables', 'nftables')
  const net = network('nftables')
  const isRefused = async () =>
    assert.match(await refusal(attach(net, extras)), /host port 8080\/tcp is taken by/)
  await isRefused()
  await two?.del()
  await isRefused()
  await one?.del()
  await (await attach(net, extras)).del()
  removeContainer(container)
})

test('reapply after a flush leads the port to the container again, and without one changes nothing', async () => {
  const container = newContainer()
  const all = await inNetworks(container, 'nftables', 'nftables')
  const server = await mirrorIn(container)
  const reapply = () => command(`${executables()}/patchbay`, 'reapply')
  const before = JSON.stringify(ruleset())
  reapply()
  assert.is(JSON.stringify(ruleset()), before)
  command('nft', 'flush ruleset')
  reapply()
  isReached(server)
  for (const { check } of all) await check()
  for (const { del } of all) await del()
  server.stop()
  removeContainer(container)
  assert.is(left(), null)
})

test.run()
