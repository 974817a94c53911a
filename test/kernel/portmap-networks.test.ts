/** A container in several networks: podman and nerdctl hand the same host ports to the portmap of each. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { add as addByIptables } from '../../shared/firewall/portmap-iptables.ts'
import { type Attached, attach } from '../harness/attach.ts'
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
  usableAtOnce,
} from '../harness/host.ts'
import { call, executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { type Mirror, mirrorIn } from '../harness/traffic.ts'
import { ruleset } from './firewall-containers.ts'
import { rulesOf } from './portmap-mappings.ts'
import { asking, tcp, traces, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()

const extras = asking(tcp(8080), { ...tcp(8080), protocol: 'udp' })

/** The interfaces eth0, eth1 … of a container, each in a network of its own. */
async function inNetworks(container: Netns, ...backends: string[]): Promise<Attached[]> {
  const attached: Attached[] = []
  for (const [index, backend] of backends.entries())
    attached.push(await attach(withPorts({ backend }), { ...extras, container, ifname: `eth${index}` }))
  return attached
}

/** A far host reaches the container by the port. Over UDP a server would have to answer from the address that was asked. */
function isReached(server: Mirror): void {
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), far.ipv6)
}

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
    assert.equal(traces(), [])
  })

test('a port that the reference leads to the container in one network is taken by ours in another; both DELs work', async () => {
  const container = newContainer()
  const attachment = { network: 'theirs', containerID: 'both', ifname: 'eth0' }
  const mappings = [{ protocol: 'tcp' as const, hostPort: 8080, containerPort: 80 }]
  for (const backend of ['nftables', 'iptables']) {
    await addByIptables(rulesOf({ attachment, addresses: ['10.99.0.2/24'] }, { mappings }))
    const config = {
      ...{ type: 'portmap', name: 'ours', cniVersion: '1.0.0', backend },
      runtimeConfig: { portMappings: [tcp(8080)] },
      prevResult: { cniVersion: '1.0.0', ips: [{ address: '10.98.0.2/24' }] },
    }
    const request = { config, containerID: 'both', ifname: 'eth1', netns: container.path }
    for (const verb of ['ADD', 'CHECK', 'DEL'] as const) {
      const { status, json } = await call({ ...request, verb })
      assert.is(status, 0, JSON.stringify(json))
    }
    const name = { ...config, name: 'theirs' }
    assert.is((await call({ ...request, config: name, ifname: 'eth0', verb: 'DEL' })).status, 0)
    assert.equal(traces(), [])
  }
  removeContainer(container)
})

test('another container is refused as long as one of the networks has the port', async () => {
  const container = newContainer()
  const [one, two] = await inNetworks(container, 'nftables', 'nftables')
  const net = withPorts()
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
  assert.equal(traces(), [])
})

test.run()
