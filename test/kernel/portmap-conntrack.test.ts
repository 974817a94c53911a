/** Flows of UDP to host ports: what goes on on an old way is ended when a mapping comes or goes, and nothing else is. */
// needs: nft ip

import { spawnSync } from 'node:child_process'
import * as assert from 'uvu/assert'
import { flushFlowsTo, flushStaleFlows } from '../../shared/firewall/stale-flows.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import type { Address } from '../../shared/ip/address.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { deleteFlow, listUdpFlows } from '../../shared/netlink/conntrack.ts'
import { transact } from '../../shared/netlink/socket.ts'
import { command } from '../harness/command.ts'
import { type Conversation, conversation, idleFlowsLast, namedServer } from '../harness/datagrams.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'
import { connect, newBridge } from './firewall-containers.ts'
import {
  addressOf,
  containerPort,
  type Family,
  families,
  flows,
  forgetAll,
  hostPort,
  lead,
  mappingTo,
  parsed,
} from './udp-flows.ts'

await privateHost()
const outside = farHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
const one = await connect('br0', 'zero', '10.88.0.2/24', 'fd88::2/64')
const two = await connect('br0', 'zero', '10.88.0.3/24', 'fd88::3/64')

await namedServer(one.netns, containerPort, 'one')
await namedServer(two.netns, containerPort, 'two')
await namedServer(undefined, hostPort, 'host')
await namedServer(undefined, containerPort, 'resolver')
await namedServer(outside, hostPort, 'outside')

/** A test in both families, which begins without flows and without a mapping. */
function scenario(
  sentence: string,
  play: (family: Family, open: typeof conversation) => Promise<void>,
): void {
  for (const family of families) {
    test(`IPv${family.family}: ${sentence}`, async () => {
      const opened: Conversation[] = []
      lead(family)
      idleFlowsLast()
      forgetAll(family)
      try {
        await play(family, (...to) => {
          const started = conversation(...to)
          opened.push(started)
          return started
        })
      } finally {
        for (const each of opened) each.end()
      }
    })
  }
}

scenario(
  'a client that goes on sending reaches the new container, from the first datagram on',
  async (family, open) => {
    lead(family, one)
    const client = open(outside, family.own, hostPort)
    assert.is(await client.ask(), 'one')
    lead(family, two)
    assert.is(await client.ask(), 'one', 'without a flush the kernel keeps the old way')
    assert.is(flushStaleFlows([mappingTo(two, family)]), 1)
    assert.is(await client.ask(), 'two')
  },
)

scenario('a client on the host reaches the new container, too', async (family, open) => {
  lead(family, one)
  const client = open(undefined, family.own, hostPort)
  assert.is(await client.ask(), 'one')
  lead(family, two)
  flushStaleFlows([mappingTo(two, family)])
  assert.is(await client.ask(), 'two')
})

scenario('a flow that began before the mapping reaches the container', async (family, open) => {
  const client = open(outside, family.own, hostPort)
  assert.is(await client.ask(), 'host')
  lead(family, one)
  assert.is(await client.ask(), 'host', 'without a flush the kernel keeps the old way')
  assert.is(flushStaleFlows([mappingTo(one, family)]), 1)
  assert.is(await client.ask(), 'one')
})

scenario(
  'after the end of a mapping its flows are ended, and the host gets the datagrams',
  async (family, open) => {
    lead(family, one)
    const client = open(outside, family.own, hostPort)
    assert.is(await client.ask(), 'one')
    lead(family)
    const address = parsed(addressOf(one, family))
    assert.is(flushFlowsTo([address], [{ port: hostPort }]), 1)
    assert.is(await client.ask(), 'host')
    assert.is(flushFlowsTo([address], [{ port: hostPort }]), 0)
  },
)

scenario(
  'a caller that does not know the ports ends all translated flows to the container',
  async (family, open) => {
    lead(family, one)
    assert.is(await open(outside, family.own, hostPort).ask(), 'one')
    assert.is(await open(outside, addressOf(one, family), containerPort).ask(), 'one')
    assert.is(flushFlowsTo([parsed(addressOf(one, family))]), 1)
    assert.equal(flows(family), [`${addressOf(one, family)} ${containerPort}`])
  },
)

scenario(
  'flows of another container, and of other ports of the same one, stay at the end of a mapping',
  async (family, open) => {
    lead(family, two)
    assert.is(await open(outside, family.own, hostPort).ask(), 'two')
    const before = flows(family)
    assert.is(flushFlowsTo([parsed(addressOf(one, family))]), 0)
    assert.is(flushFlowsTo([parsed(addressOf(two, family))], [{ port: 5301 }]), 0)
    assert.equal(flows(family), before)
  },
)

scenario('flows that lead to the mapping stay', async (family, open) => {
  lead(family, one)
  const client = open(outside, family.own, hostPort)
  assert.is(await client.ask(), 'one')
  assert.is(flushStaleFlows([mappingTo(one, family)]), 0)
  assert.is(await client.ask(), 'one')
})

scenario('flows that lead to another port of the same container are ended', async (family, open) => {
  lead(family, one)
  assert.is(await open(outside, family.own, hostPort).ask(), 'one')
  assert.is(flushStaleFlows([{ ...mappingTo(one, family), containerPort: 54 }]), 1)
})

scenario('flows to servers elsewhere stay, although their port is that of the host', async (family, open) => {
  for (const client of [one.netns, undefined]) {
    assert.is(await open(client, family.foreign, hostPort).ask(), 'outside')
  }
  const before = flows(family)
  assert.is(before.length, 2)
  lead(family, one)
  assert.is(flushStaleFlows([mappingTo(one, family)]), 0)
  assert.is(flushFlowsTo([parsed(addressOf(one, family)), parsed(family.foreign)]), 0)
  assert.equal(flows(family), before)
})

scenario(
  'flows to the port of the host that has the number of the container’s port stay',
  async (family, open) => {
    assert.is(await open(outside, family.own, containerPort).ask(), 'resolver')
    lead(family, one)
    assert.is(flushStaleFlows([mappingTo(one, family)]), 0)
    assert.equal(flows(family), [`${family.own} ${containerPort}`])
  },
)

scenario('with a host address only its flows are ended', async (family, open) => {
  const gateway = family.family === 4 ? '10.88.0.1' : 'fd88::1'
  assert.is(await open(outside, family.own, hostPort).ask(), 'host')
  assert.is(await open(two.netns, gateway, hostPort).ask(), 'host')
  lead(family, one)
  assert.is(flushStaleFlows([{ ...mappingTo(one, family), hostIP: parsed(gateway) }]), 1)
  assert.equal(flows(family), [`${family.own} ${hostPort}`])
  const any: Address = { family: family.family, value: 0n }
  assert.is(flushStaleFlows([{ ...mappingTo(one, family), hostIP: any }]), 1)
})

scenario('of a hundred mapped ports each is looked at', async (family, open) => {
  assert.is(await open(outside, family.own, hostPort).ask(), 'host')
  assert.is(await open(outside, family.own, containerPort).ask(), 'resolver')
  lead(family, one)
  const ports = Array.from({ length: 100 }, (_, index) => hostPort - 50 + index)
  const before = netfilter().sequence
  assert.is(flushStaleFlows(ports.map((port) => ({ ...mappingTo(one, family), port }))), 1)
  assert.is(netfilter().sequence - before, 2)
  assert.equal(flows(family), [`${family.own} ${containerPort}`])
})

scenario('hundreds of flows cost one list and a deletion each', async (family, open) => {
  const many = 300
  const send = `for n in $(seq ${many}); do echo >/dev/udp/${family.own}/${hostPort}; done`
  command('ip', 'netns', 'exec', outside.name, 'bash', '-c', send)
  assert.ok(flows(family).length > many / 2)
  const isAnswered = async () => (await open(outside, family.own, hostPort).ask(1)) === 'host'
  await until('the server has answered all: later answers would begin flows anew', isAnswered)
  const count = flows(family).length
  lead(family, one)
  const before = netfilter().sequence
  assert.is(flushStaleFlows([mappingTo(one, family)]), count)
  assert.is(netfilter().sequence - before, 1 + count)
  assert.equal(flows(family), [])
})

test('the families are separate: a mapping of IPv6 ends no flow of IPv4', async () => {
  const [v4, v6] = families
  lead(v4)
  forgetAll(v4)
  const client = conversation(outside, v4.own, hostPort)
  assert.is(await client.ask(), 'host')
  client.end()
  assert.is(flushStaleFlows([mappingTo(one, v6)]), 0)
  assert.is(flushStaleFlows([mappingTo(one, v4)]), 1)
})

test('without a mapping or an address nothing is asked', () => {
  const before = netfilter().sequence
  assert.is(flushStaleFlows([]), 0)
  assert.is(flushFlowsTo([]), 0)
  assert.is(netfilter().sequence, before)
})

test('a flow that has ended is not found, and one of the same ports with another number stays', async () => {
  const [v4] = families
  lead(v4)
  forgetAll(v4)
  const client = conversation(outside, v4.own, hostPort)
  await client.ask()
  client.end()
  const [flow] = listUdpFlows(netfilter(), { family: 4, port: hostPort })
  assert.ok(flow)
  const isGone = (error: unknown) => isErrno(error, 'ENOENT')
  const other = { ...flow, key: { ...flow.key, id: Buffer.alloc(4) } }
  assert.throws(() => transact(netfilter(), [deleteFlow(other)]), isGone)
  assert.is(flows(v4).length, 1)
  transact(netfilter(), [deleteFlow(flow)])
  assert.throws(() => transact(netfilter(), [deleteFlow(flow)]), isGone)
})

test('on a kernel without connection tracking over netlink it is said that nothing can be looked for', () => {
  const program = `
    import { flushFlowsTo, flushStaleFlows } from '${new URL('../../shared/firewall/stale-flows.ts', import.meta.url)}'
    const address = { family: 4, value: 1n }
    console.log(flushFlowsTo([address]), flushStaleFlows([{ port: 53, address, containerPort: 53 }]))`
  const fault = ['-o', '/dev/null', '-e', 'inject=socket:error=EPROTONOSUPPORT']
  const words = [...fault, process.execPath, '--input-type=module', '-e', program]
  const { stdout } = spawnSync('strace', words, { encoding: 'utf8' })
  assert.is(stdout.trim(), 'undefined undefined')
})

test('the command of a deletion has the flow’s ends', () => {
  const end = (address: string, port: number) => ({ address: parsed(address), port })
  const [source, destination] = [end('192.0.2.1', 4711), end('192.0.2.2', 53)]
  const key = { tuple: Buffer.alloc(4), id: undefined, zone: undefined }
  const { reproduce } = deleteFlow({ source, destination, target: destination, isTranslated: false, key })
  assert.is(
    reproduce,
    'conntrack -D -f ipv4 -p udp --orig-src 192.0.2.1 --sport 4711 --orig-dst 192.0.2.2 --dport 53',
  )
})

test.run()
