/** bridge with uplinks: containers are on the network of the host's NIC. */

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, link, routes } from '../harness/look.ts'
import { bridgeNetwork, hostLocal } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

let nics = 0

/** A NIC of the host, the router at the other end of its cable, and a network that has it as an uplink. */
function nicWithRouter(keys: Record<string, unknown> = {}) {
  const number = ++nics
  const [nic, subnet] = [`nic${number}`, `192.0.${number + 10}`]
  const router = newContainer(`router${number}`)
  ip(`link add ${nic} type veth peer name eth0 netns ${router.name}`)
  ip(`-n ${router.name} address add ${subnet}.1/24 dev eth0`)
  ip(`-n ${router.name} link set eth0 up`)
  ip(`link set ${nic} up`)
  const ipam = hostLocal(`${subnet}.0/24`)
  ipam.ranges = [[{ subnet: `${subnet}.0/24`, rangeStart: `${subnet}.100` }]]
  const net = bridgeNetwork({ uplinks: [nic], ipam, ...keys })
  return { nic, subnet, router, net, bridge: net.plugins[0]?.bridge as string, container: newContainer() }
}

/** The host's own address on the NIC, and its default route through the router. */
function giveAddress(nic: string, subnet: string): void {
  ip(`address add ${subnet}.10/24 dev ${nic}`)
  ip(`route replace default via ${subnet}.1 dev ${nic}`)
}

test('a container reaches the router of the NIC’s network at layer 2', async () => {
  const { nic, subnet, net, bridge, container } = nicWithRouter()
  await cnitool.add(net, container)
  assert.is(link(nic).master, bridge)
  assert.ok(pings(container, `${subnet}.1`))
  await cnitool.check(net, container)
})

test('the uplink stays a port after DEL of the last container', async () => {
  const { nic, net, bridge, container } = nicWithRouter()
  await cnitool.add(net, container)
  await cnitool.del(net, container)
  assert.is(link(nic).master, bridge)
})

test('a NIC with addresses is refused, with the remedy, and not changed', async () => {
  const { nic, subnet, net, bridge, container } = nicWithRouter()
  giveAddress(nic, subnet)
  const before = snapshot()
  const said = await refusal(cnitool.add(net, container))
  assert.match(said, nic)
  assert.match(said, 'moveAddresses')
  unchanged(before)
  assert.not.ok(exists(bridge))
  assert.ok(pings(undefined, `${subnet}.1`))
})

test('moveAddresses takes addresses and routes to the bridge, and the host still reaches the router', async () => {
  const { nic, subnet, net, bridge, container } = nicWithRouter({ moveAddresses: true })
  giveAddress(nic, subnet)
  await cnitool.add(net, container)
  assert.equal([addresses(nic), addresses(bridge)], [[], [`${subnet}.10/24`]])
  assert.ok(routes(4).includes(`default via ${subnet}.1`))
  assert.ok(pings(undefined, `${subnet}.1`), 'the host')
  assert.ok(pings(container, `${subnet}.1`), 'the container')
})

test('an ADD that fails after it moved addresses moves them back', async () => {
  // The moved address conflicts with the gateway's, which ADD finds after the move.
  const ipam = hostLocal('10.9.9.0/24')
  const { nic, subnet, net, container } = nicWithRouter({ moveAddresses: true, isGateway: true, ipam })
  giveAddress(nic, subnet)
  const before = snapshot()
  await refusal(cnitool.add(net, container))
  unchanged(before)
  assert.ok(pings(undefined, `${subnet}.1`))
})

test('two addresses of one subnet move together', async () => {
  const { nic, subnet, net, bridge, container } = nicWithRouter({ moveAddresses: true })
  giveAddress(nic, subnet)
  ip(`address add ${subnet}.11/24 dev ${nic}`)
  await cnitool.add(net, container)
  assert.equal([addresses(nic), addresses(bridge)], [[], [`${subnet}.10/24`, `${subnet}.11/24`]])
})

test('addresses and routes that cannot be the same on the bridge are refused, and nothing changes', async () => {
  const ways = {
    'has a lifetime': (nic: string, subnet: string) =>
      ip(`address add ${subnet}.12/24 dev ${nic} valid_lft 1000 preferred_lft 1000`),
    'has a peer': (nic: string) => ip(`address add 10.77.0.1 peer 10.77.0.2 dev ${nic}`),
    'in table 100': (nic: string, subnet: string) =>
      ip(`route add 10.78.0.0/16 via ${subnet}.1 dev ${nic} table 100`),
  }
  for (const [said, give] of Object.entries(ways)) {
    const { nic, subnet, net, container } = nicWithRouter({ moveAddresses: true })
    giveAddress(nic, subnet)
    give(nic, subnet)
    const before = snapshot()
    assert.match(await refusal(cnitool.add(net, container)), said)
    unchanged(before)
  }
})

test('an uplink that does not exist, or is a port of another bridge, is refused', async () => {
  const { nic, net, container } = nicWithRouter()
  await cnitool.add(net, container)
  const taken = bridgeNetwork({ uplinks: [nic] })
  assert.match(await refusal(cnitool.add(taken, newContainer())), nic)
  const absent = bridgeNetwork({ uplinks: ['nosuch0'] })
  assert.match(await refusal(cnitool.add(absent, newContainer())), 'nosuch0')
})

test('CHECK notices that the uplink is no port of the bridge any more', async () => {
  const { nic, net, container } = nicWithRouter()
  await cnitool.add(net, container)
  ip(`link set ${nic} nomaster`)
  assert.match(await refusal(cnitool.check(net, container)), `${nic} is no port of`)
})

test.run()
