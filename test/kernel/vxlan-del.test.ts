/** vxlan: DEL succeeds in every state, GC removes what no attachment uses, and many containers share one VTEP. */
// needs: link vxlan

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { done } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { faultsOf, killedAt } from '../harness/faults.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, hostEnd, inContainer, link, ports, sysctl } from '../harness/look.ts'
import { hostLocal, single } from '../harness/networks.ts'
import { type Call, call, callAlone } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

ip('link add under0 type veth peer name under1')
ip('address add 192.0.2.1/24 dev under0')
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

let networks = 100

/** A network with its own name, VNI and subnet. */
function overlay(keys: Record<string, unknown> = {}): cnitool.Network {
  const vni = ++networks
  const ipam = hostLocal(`10.${vni}.0.0/24`)
  return cnitool.network(`net${vni}`, { type: 'vxlan', vni, remotes: ['192.0.2.2'], ipam, ...keys }, '1.1.0')
}

const vtepOf = (net: cnitool.Network) => `vx${net.plugins[0]?.vni}`
const bridgeOf = (net: cnitool.Network) => `vxbr${net.plugins[0]?.vni}`

/** Faults of a container before its DEL, which must still leave nothing. */
const harms: Record<string, (net: cnitool.Network, container: Netns) => void> = {
  'the namespace is gone': (_, container) => removeContainer(container),
  'the VTEP is gone': (net) => ip(`link delete ${vtepOf(net)}`),
  'the bridge is gone': (net) => ip(`link delete ${bridgeOf(net)}`),
  'VTEP and bridge are gone': (net) => [vtepOf(net), bridgeOf(net)].map((name) => ip(`link delete ${name}`)),
  'the container’s interface is gone': (_, container) => inContainer(container, 'link delete eth0'),
  'the VTEP has left the bridge': (net) => ip(`link set ${vtepOf(net)} nomaster`),
}

for (const [harm, inflict] of Object.entries(harms))
  test(`DEL leaves nothing, not even an address, although ${harm}`, async () => {
    const net = overlay()
    const container = newContainer()
    const before = snapshot()
    await cnitool.add(net, container)
    inflict(net, container)
    await cnitool.del(net, container)
    await cnitool.del(net, container)
    unchanged(before)
  })

test('DEL leaves nothing although dev was deleted, and the VTEP with it', async () => {
  const net = overlay({ dev: 'under2' })
  ip('link add under2 type veth peer name under3')
  for (const end of ['under2', 'under3']) ip(`link set ${end} up`)
  const before = snapshot().filter((line) => !/under[23]/.test(line))
  const container = newContainer()
  await cnitool.add(net, container)
  ip('link delete under2')
  assert.not.ok(exists(vtepOf(net)))
  await cnitool.del(net, container)
  unchanged(before)
})

test('DEL of direct leaves nothing, with or without the namespace and dev', async () => {
  for (const gone of [false, true]) {
    const net = overlay({ direct: true, dev: 'under0' })
    const before = snapshot()
    const container = newContainer()
    await cnitool.add(net, container)
    if (gone) removeContainer(container)
    await cnitool.del(net, container)
    await cnitool.del(net, container)
    unchanged(before)
  }
})

test('DEL of a configuration that ADD refused does not touch what other containers use', async () => {
  const net = overlay()
  const container = newContainer()
  await cnitool.add(net, container)
  const before = snapshot()
  const other = { ...single(net), dstport: 4999 }
  const { path: netns, name: containerID } = newContainer()
  assert.is((await call({ verb: 'ADD', config: other, containerID, netns })).status, 1)
  assert.is((await call({ verb: 'DEL', config: other, containerID, netns })).status, 0)
  const elsewhere = { ...single(net), bridge: 'elsewhere0' }
  assert.is((await call({ verb: 'DEL', config: elsewhere, containerID, netns })).status, 0)
  unchanged(before)
  await cnitool.check(net, container)
})

test('DEL and GC of a configuration with another vni by now remove VTEP and bridge of the former', async () => {
  for (const verb of ['DEL', 'GC'] as const) {
    const before = snapshot()
    const net = overlay()
    const container = newContainer()
    const request = { config: single(net), containerID: container.name, netns: container.path }
    await call({ verb: 'ADD', ...request })
    assert.ok(exists(vtepOf(net)))
    const config = { ...single(net), vni: 9000, 'cni.dev/valid-attachments': [] }
    assert.is((await call({ verb, ...request, config })).status, 0)
    assert.equal(
      [vtepOf(net), bridgeOf(net)].filter((name) => exists(name)),
      [],
    )
    assert.is((await call({ verb: 'DEL', ...request, config })).status, 0)
    removeContainer(container)
    unchanged(before)
  }
})

/** A container of a network, a DEL with another vni, and the requests of that DEL, at each of which it can be killed. */
async function afterAnotherVni() {
  const net = overlay()
  const container = newContainer()
  const before = snapshot()
  const attachment = { config: single(net), containerID: container.name, netns: container.path }
  const add: Call = { verb: 'ADD', ...attachment }
  const del: Call = { verb: 'DEL', ...attachment, config: { ...single(net), vni: 9000 } }
  callAlone(add)
  const requests = (await faultsOf(del)).filter(({ syscall }) => syscall === 'sendto')
  assert.ok(requests.length > 10)
  return { before, net, add, del, requests }
}

test('DEL with another vni by now, killed at any request: the next one leaves nothing', async () => {
  const { before, add, del, requests } = await afterAnotherVni()
  for (const request of requests) {
    assert.is(callAlone(add).status, 0)
    assert.ok((await killedAt(del, request)).status > 1)
    assert.equal(callAlone(del), done)
    unchanged(before)
  }
})

test('DEL with another vni by now, killed at any request: the next ADD has a VTEP that is up and a port of the bridge', async () => {
  const { net, add, del, requests } = await afterAnotherVni()
  const next = newContainer()
  const nextAdd: Call = { ...add, containerID: next.name, netns: next.path }
  for (const request of requests) {
    assert.is(callAlone(add).status, 0)
    assert.ok((await killedAt(del, request)).status > 1)
    assert.is(callAlone(nextAdd).status, 0)
    const { master, flags } = link(vtepOf(net))
    assert.equal([master, flags.includes('UP')], [bridgeOf(net), true])
    for (const { containerID, netns } of [add, nextAdd]) callAlone({ ...del, containerID, netns })
  }
})

test('DEL without a valid vni removes what it can find', async () => {
  const net = overlay()
  const container = newContainer()
  const add = { config: single(net), containerID: container.name, netns: container.path }
  await call({ verb: 'ADD', ...add })
  const { status } = await call({ verb: 'DEL', ...add, config: { ...single(net), vni: 'x' } })
  assert.equal([status, exists('eth0', container)], [0, false])
  await call({ verb: 'DEL', ...add })
  assert.not.ok(exists(vtepOf(net)))
})

test('a bridge that was deleted by hand is made again by the next ADD, and the VTEP becomes its port', async () => {
  const net = overlay()
  await cnitool.add(net, newContainer())
  ip(`link delete ${bridgeOf(net)}`)
  const container = newContainer()
  await cnitool.add(net, container)
  assert.is(link(vtepOf(net)).master, bridgeOf(net))
  await cnitool.check(net, container)
})

test('the bridge keeps its MAC address when containers are attached and detached, and accepts no router advertisements', async () => {
  const net = overlay()
  const first = newContainer()
  await cnitool.add(net, first)
  const { address } = link(bridgeOf(net))
  for (const mac of ['02:00:00:00:00:01', '02:00:00:00:00:02'])
    await cnitool.add(net, newContainer(), { args: { MAC: mac } })
  await cnitool.del(net, first)
  assert.is(link(bridgeOf(net)).address, address)
  assert.is(sysctl(`net/ipv6/conf/${bridgeOf(net)}/accept_ra`), '0')
})

test('GC removes stale ports, then VTEP and bridge with the last, and does not touch other networks', async () => {
  const [net, other] = [overlay(), overlay()]
  const kept = newContainer()
  await cnitool.add(other, kept)
  const before = snapshot()
  const [valid, stale] = [newContainer(), newContainer()]
  const config = single(net)
  await call({ verb: 'ADD', config, containerID: 'valid', netns: valid.path })
  await call({ verb: 'ADD', config, containerID: 'stale', netns: stale.path })
  const gc = (...ids: string[]) => {
    const attachments = ids.map((containerID) => ({ containerID, ifname: 'eth0' }))
    return call({ verb: 'GC', config: { ...config, 'cni.dev/valid-attachments': attachments } })
  }
  assert.is((await gc('valid')).status, 0)
  assert.equal(
    ports(bridgeOf(net))
      .map(({ ifname }) => ifname)
      .sort(),
    [hostEnd(valid).ifname, vtepOf(net)].sort(),
  )
  removeContainer(valid)
  assert.is((await gc()).status, 0)
  unchanged(before.filter((line) => !line.includes('/run/netns')))
  await cnitool.check(other, kept)
})

test('twenty first containers at once make one VTEP, and twenty DELs remove it', async () => {
  const net = overlay()
  const containers = Array.from({ length: 20 }, () => newContainer())
  const before = snapshot()
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  assert.is(ports(bridgeOf(net)).length, 21)
  const [first, last] = [containers[0] as Netns, results.at(-1)?.ips[0]?.address ?? '']
  assert.ok(pings(first, bare(last)))
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  unchanged(before)
})

test('with parallel ADDs and DELs, no container loses VTEP or bridge', async () => {
  const net = overlay()
  const before = snapshot()
  const life = async () => {
    const container = newContainer()
    for (let round = 0; round < 4; round++) {
      await cnitool.add(net, container)
      await cnitool.check(net, container)
      await cnitool.del(net, container)
    }
    removeContainer(container)
  }
  await Promise.all(Array.from({ length: 6 }, life))
  unchanged(before)
})

test.run()
