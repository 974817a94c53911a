/** bandwidth, measured: within a tenth of the rate, from the first second, in both directions and both families. */
// needs: full speed, link ifb, link macvlan, qdisc tbf, qdisc htb
// packages: iperf3

import * as assert from 'uvu/assert'
import { type Attached, added, attach, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { type Flow, throughput } from '../harness/iperf.ts'
import { inContainer } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const MBIT = 1_000_000
const containerdBurst = 2 ** 32 - 1

/** A network whose containers have the number as the last part of their addresses. */
function network(number: number, limits?: Record<string, unknown>) {
  const ipam = fixed(`10.1.0.${number}/24`, `fd01::${number}/64`)
  const chain = limits ? [{ type: 'bandwidth', ...limits }] : []
  const plugins = [{ type: 'bridge', bridge: 'br0', isGateway: false, ipam }, ...chain]
  return { cniVersion: '1.0.0', name: `net${number}`, plugins }
}

const peer = await attach(network(2))
let numbers = 10

async function limited(limits: Record<string, unknown>): Promise<Attached> {
  return attach(network(++numbers, limits))
}

/** A loaded machine may hold up a sender or a receiver for a moment: a limit that is wrong is wrong each time. */
const TRIES = 10

/** Within a tenth of a rate, all in all and in the first second. */
async function assertRate(rate: number, flow: Flow): Promise<void> {
  const isNear = (measured: number) => measured > rate * 0.9 && measured < rate * 1.1
  const seen: string[] = []
  while (seen.length < TRIES) {
    const { all, firstSecond } = await throughput(flow)
    if (isNear(all) && isNear(firstSecond)) return
    seen.push(`${(all / MBIT).toFixed(2)}, in the first second ${(firstSecond / MBIT).toFixed(2)}`)
  }
  assert.unreachable(`not ${rate / MBIT} Mbit/s: ${seen.join('; ')}`)
}

async function assertBothWays(container: Attached, received: number, sent: number): Promise<void> {
  for (const family of [0, 1]) {
    await assertRate(received, { from: peer, to: container, address: container.addresses[family] ?? '' })
    await assertRate(sent, { from: container, to: peer, address: peer.addresses[family] ?? '' })
  }
}

/** Clearly more than a limit of 20 Mbit/s. */
async function assertUnlimited(flow: Flow): Promise<void> {
  const seen: number[] = []
  while (seen.length < TRIES) {
    const { all } = await throughput({ ...flow, seconds: 1 })
    if (all > 60 * MBIT) return
    seen.push(all / MBIT)
  }
  assert.unreachable(`${seen.join(', ')} Mbit/s`)
}

for (const egress of ['interface', 'ifb'])
  test(`egress ${egress}: TCP in both directions and both families, with the burst of containerd`, async () => {
    const bursts = { ingressBurst: containerdBurst, egressBurst: containerdBurst }
    const container = await limited({ ingressRate: 20 * MBIT, egressRate: 40 * MBIT, ...bursts, egress })
    await assertBothWays(container, 20 * MBIT, 40 * MBIT)
    await container.check()
    await container.del()
    removeContainer(container)
  })

for (const egress of ['interface', 'ifb'])
  test(`egress ${egress}: UDP in both directions`, async () => {
    const container = await limited({ ingressRate: 5 * MBIT, egressRate: 8 * MBIT, egress })
    const udp = 16 * MBIT
    await assertRate(5 * MBIT, { from: peer, to: container, address: container.addresses[0] ?? '', udp })
    await assertRate(8 * MBIT, { from: container, to: peer, address: peer.addresses[0] ?? '', udp })
    await container.del()
    removeContainer(container)
  })

/** A container with these keys is limited, but not in what comes from or goes to a neighbour with the network's number. */
async function limitedBut(neighbour: number, keys: Record<string, unknown>): Promise<void> {
  const other = await attach(network(neighbour))
  const container = await limited({ ingressRate: 20 * MBIT, egressRate: 20 * MBIT, ...keys })
  await assertBothWays(container, 20 * MBIT, 20 * MBIT)
  for (const family of [0, 1]) {
    await assertUnlimited({ from: other, to: container, address: container.addresses[family] ?? '' })
    await assertUnlimited({ from: container, to: other, address: other.addresses[family] ?? '' })
  }
  for (const one of [container, other]) await one.del()
  for (const one of [container, other]) removeContainer(one)
}

test('shapedSubnets: what comes from them and goes to them is limited, and no more', () =>
  limitedBut(3, { shapedSubnets: ['10.1.0.2/32', 'fd01::2/128'] }))

test('unshapedSubnets with an IFB: all but what comes from them and goes to them is limited', () =>
  limitedBut(4, { unshapedSubnets: ['10.1.0.4/32', 'fd01::4/128'], egress: 'ifb' }))

/** A macvlan in each of two containers, on a NIC of the host, without a plugin. */
function macvlan(name: string, address: string): Netns {
  const container = newContainer(name)
  inContainer(container, `link add below up type veth peer name other netns ${peerOfMacvlan.name}`)
  inContainer(peerOfMacvlan, 'link set other up')
  inContainer(peerOfMacvlan, `address add 10.3.0.1/24 dev other`)
  inContainer(container, 'link add eth0 link below up type macvlan')
  inContainer(container, `address add ${address} dev eth0`)
  inContainer(container, 'link set eth0 up')
  return container
}

const peerOfMacvlan = newContainer('across')

test('a macvlan: TCP in both directions', async () => {
  const container = macvlan('lan', '10.3.0.2/24')
  const prevResult = { interfaces: [{ name: 'eth0', sandbox: container.path }] }
  const limits = { ingressRate: 20 * MBIT, egressRate: 40 * MBIT }
  const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', prevResult, ...limits }
  const request = { config, containerID: 'lan', netns: container.path }
  await added(request)
  await assertRate(20 * MBIT, { from: peerOfMacvlan, to: container, address: '10.3.0.2' })
  await assertRate(40 * MBIT, { from: container, to: peerOfMacvlan, address: '10.3.0.1' })
  assert.equal(await call({ ...request, verb: 'CHECK' }), done)
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  removeContainer(container)
})

test('a byte per second: ten packets pass at once, although tc prints a burst of 21 bytes, as the kernel tells 32 bits of ticks', async () => {
  const container = await limited({ ingressRate: 8 })
  const ping = `ping -qn -c 8 -i 0.02 -s 1400 -W 1 ${container.addresses[0]} || true`
  const received = () =>
    Number(/(\d+) received/.exec(command('ip', 'netns', 'exec', peer.name, 'sh', '-c', ping))?.[1])
  assert.is(received(), 8)
  assert.ok(received() < 4)
  await container.check()
  await container.del()
  removeContainer(container)
})

test.run()
