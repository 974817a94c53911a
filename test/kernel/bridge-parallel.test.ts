/** bridge: fifty containers at once on a new host. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, ports, reservedIn } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true })
const { bridge = '' } = net.plugins[0] as { bridge?: string }
const reserved = () => reservedIn(`/var/lib/cni/networks/${net.name}`)
const containers: Netns[] = Array.from({ length: 50 }, () => newContainer())

test('of 50 parallel ADDs one makes the bridge, and all succeed with different addresses', async () => {
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  const given = results.flatMap(({ ips }) => ips.map(({ address }) => address))
  assert.is(new Set(given).size, 100)
  assert.is(ports(bridge).length, 50)
})

test('CHECK of each of them succeeds, and the first reaches the last', async () => {
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  const [first, last] = [containers[0] as Netns, containers.at(-1) as Netns]
  for (const cidr of addresses('eth0', last)) assert.ok(pings(first, bare(cidr)), cidr)
})

test('50 parallel DELs leave no port, no address and no masquerade', async () => {
  assert.is(reserved().length, 100)
  assert.match(command('nft', 'list', 'ruleset'), '10.1.0.')
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  assert.equal(ports(bridge), [])
  assert.equal(reserved(), [])
  assert.not.match(command('nft', 'list', 'ruleset'), /10\.1\.0\.|fd00:1::/)
  for (const container of containers) assert.not.ok(exists('eth0', container))
})

test('six parallel DELs of one container all succeed', async () => {
  for (let round = 0; round < 5; round++) {
    const container = newContainer()
    await cnitool.add(net, container)
    await Promise.all(Array.from({ length: 6 }, () => cnitool.del(net, container)))
    assert.not.ok(exists('eth0', container))
  }
})

test.run()
