/** Who reaches a container by a host port, and whom it sees: every client, in both families, by each back end, through the whole list. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { conversation, namedServer } from '../harness/datagrams.ts'
import { far, farHost, type Netns, near, privateHost, setSysctl, usableAtOnce } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { traces, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()
const farServer = await mirrorIn(outside)

const backends = ['nftables', 'iptables'] as const
const protocols = ['tcp', 'udp'] as const

const network = (keys: Record<string, unknown>) => withPorts(keys, undefined, { hairpinMode: true })

/** A port of the host for TCP and UDP. */
const asking = (hostPort: number, containerPort: number, more = {}) => ({
  capabilities: {
    portMappings: protocols.map((protocol) => ({ hostPort, containerPort, protocol, ...more })),
  },
})

for (const backend of backends)
  test(`${backend}: a far host, the host, localhost, the container itself, a neighbour and a container of another network reach it, over TCP and UDP`, async () => {
    const net = network({ backend })
    const one = await attach(net, asking(8080, 7000))
    const neighbour = await attach(net, asking(8081, 7000))
    const stranger = await attach(network({ backend }))
    const server = await mirrorIn(one)
    const families = [
      [near.ipv4, far.ipv4, 0],
      [near.ipv6, far.ipv6, 1],
    ] as const
    for (const [own, distant, family] of families) {
      const gateway = one.result.ips[family]?.gateway ?? ''
      const clients: [Netns | undefined, string, string[]][] = [
        [outside, own, [distant]],
        [undefined, own, [own]],
        [undefined, gateway, [gateway]],
        [one, own, [gateway]],
        [one, gateway, [gateway]],
        // A bridge that filters packets hands a neighbour's on as they are.
        [neighbour, own, [gateway, neighbour.addresses[family] ?? '']],
        [stranger, own, [stranger.addresses[family] ?? '']],
        ...(family === 0 ? [[undefined, '127.0.0.1', [gateway]] as [undefined, string, string[]]] : []),
      ]
      // The tests of each back end have the rest.
      for (const protocol of family === 0 ? (['tcp'] as const) : protocols)
        for (const [client, address, sources] of clients) {
          const seen = server.sourceOf(client, address, protocol, 8080)
          assert.ok(sources.includes(seen), `${client?.name ?? 'host'} to ${address}, ${protocol}: ${seen}`)
        }
    }
    server.stop()
    for (const each of [one, neighbour]) await each.check()
    for (const each of [one, neighbour, stranger]) await each.del()
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: the same port of another machine is not taken from any client`, async () => {
    const net = network({ backend })
    // Where it is taken, the connection is refused: nothing listens on 7001.
    const one = await attach(net, asking(7000, 7001))
    const stranger = await attach(network({ backend }))
    for (const [family, address] of [far.ipv4, far.ipv6].entries())
      for (const protocol of protocols) {
        for (const client of [one, stranger])
          assert.is(farServer.sourceOf(client, address, protocol), client.addresses[family])
        const own = Object.values(near)[family]
        assert.is(farServer.sourceOf(undefined, address, protocol), own)
      }
    for (const each of [one, stranger]) await each.del()
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: with masqAll the container sees the host, whichever the family`, async () => {
    const one = await attach(network({ backend, masqAll: true }), asking(8080, 7000))
    const server = await mirrorIn(one)
    for (const [family, address] of [near.ipv4, near.ipv6].entries())
      for (const protocol of protocols)
        assert.is(server.sourceOf(outside, address, protocol, 8080), one.result.ips[family]?.gateway)
    server.stop()
    await one.check()
    await one.del()
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: a port in the middle of a range leads to the one at the same place`, async () => {
    const one = await attach(network({ backend }), asking(8198, 6998, { range: 5 }))
    const server = await mirrorIn(one)
    for (const [address, source] of [
      [near.ipv4, far.ipv4],
      [near.ipv6, far.ipv6],
    ] as const)
      for (const protocol of protocols) assert.is(server.sourceOf(outside, address, protocol, 8200), source)
    server.stop()
    await one.check()
    await one.del()
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: without snat a far host reaches the container; itself, a neighbour and localhost get no answer`, async () => {
    // Where bridged packets are filtered, the bridge translates a neighbour's answers back.
    for (const family of ['ip', 'ip6']) setSysctl(`net/bridge/bridge-nf-call-${family}tables`, 0)
    const net = network({ backend, snat: false })
    const one = await attach(net, asking(5300, 53))
    const neighbour = await attach(net)
    await namedServer(one, 53, 'one')
    const answers = async (client: Netns | undefined, address: string, seconds?: number) => {
      const asked = conversation(client, address, 5300)
      const answer = await asked.ask(seconds)
      asked.end()
      return answer
    }
    assert.equal(await Promise.all(Object.values(near).map((own) => answers(outside, own))), ['one', 'one'])
    const silent = [
      ...[one, neighbour].flatMap((client) => Object.values(near).map((own) => answers(client, own, 1))),
      answers(undefined, '127.0.0.1', 1),
    ]
    assert.equal((await Promise.all(silent)).filter(Boolean), [])
    await one.check()
    for (const each of [one, neighbour]) await each.del()
    assert.equal(traces(), [])
  })

test.run()
