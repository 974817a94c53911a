/** A host port of UDP changes hands under a client that goes on sending from one port: DEL and ADD each end the old way. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { type Conversation, conversation, namedServer } from '../harness/datagrams.ts'
import { farHost, near, privateHost, usableAtOnce } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { asking, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()

/** The port on the host, and another one in the container: flows are ended by the first. */
const [hostPort, containerPort] = [5300, 53]
await namedServer(undefined, hostPort, 'host')

const mapping = (port: number) => asking({ hostPort: port, containerPort, protocol: 'udp' })

/** Who answers each client; the first datagram may be lost. */
async function answers(clients: readonly Conversation[]): Promise<(string | undefined)[]> {
  return Promise.all(clients.map(async (client) => (await client.ask(1)) ?? client.ask()))
}

for (const backend of ['nftables', 'iptables'])
  test(`${backend}: the client reaches the container, then the host, then the next container, in both families`, async () => {
    const net = withPorts({ backend })
    // Its rules keep connection tracking on while no container has the port.
    const bystander = await attach(net, mapping(5301))
    const clients = Object.values(near).map((address) => conversation(outside, address, hostPort))
    const local = conversation(undefined, near.ipv4, hostPort)
    const all = [...clients, local]
    const allAre = (name: string) => all.map(() => name)
    assert.equal(await answers(all), allAre('host'))
    for (const name of ['one', 'two']) {
      const container = await attach(net, mapping(hostPort))
      const server = await namedServer(container, containerPort, name)
      assert.equal(await answers(all), allAre(name))
      await container.del()
      assert.equal(await answers(all), allAre('host'))
      server.kill()
    }
    const three = await attach(net, mapping(hostPort))
    await namedServer(three, containerPort, 'three')
    assert.equal(await answers(all), allAre('three'))
    for (const each of [three, bystander]) await each.del()
    for (const each of all) each.end()
  })

test.run()
