/** bandwidth with a queue for each flow: a ping does not wait behind a download. */
// needs: link ifb, qdisc tbf, qdisc htb, qdisc fq_codel
// packages: iperf3

import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { added, attach, done, errorOf } from '../harness/attach.ts'
import { sentBy } from '../harness/cables.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { throughput } from '../harness/iperf.ts'
import { hostEnd } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { type Configuration, call } from '../harness/plugin.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { hostEndOf, shapedContainer } from '../harness/shaped.ts'
import { qdiscs, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const limits = { type: 'bandwidth', ingressRate: 8_000_000, egressRate: 8_000_000, queue: 'fq_codel' }

const kindsOn = (name: string) => qdiscs(name).map(({ kind }) => kind)

const row: Kind = {
  config: { type: 'bridge', bridge: 'br0' },
  chain: [limits],
  subnets: ['10.1.0.0/24'],
  expect: (_, container) => assert.equal(kindsOn(hostEnd(container).ifname), ['tbf', 'fq_codel']),
  breaks: {
    'the queue of flows was replaced': (container) =>
      void tc(`qdisc replace dev ${hostEnd(container).ifname} parent ba:1 pfifo limit 100`),
  },
}

testRoundTrips('bandwidth with fq_codel', row)
testRoundTrips('bandwidth with fq_codel, subnets and an IFB', {
  ...row,
  chain: [{ ...limits, egress: 'ifb', shapedSubnets: ['10.0.0.0/8'] }],
  expect: (_, container) => assert.equal(kindsOn(hostEnd(container).ifname), ['htb', 'fq_codel', 'ingress']),
})

let networks = 0

/** Milliseconds of pings to a container while it downloads, on average. */
async function delay(keys: Record<string, unknown>): Promise<number> {
  const number = ++networks
  const net = (last: number, chain: Configuration[]) => ({
    cniVersion: '1.0.0',
    name: `net${number}-${last}`,
    plugins: [{ type: 'bridge', bridge: `br${number}`, ipam: fixed(`10.${number}.0.${last}/24`) }, ...chain],
  })
  const peer = await attach(net(1, []))
  const container = await attach(net(2, [{ type: 'bandwidth', ingressRate: 4_000_000, ...keys }]))
  const address = container.addresses[0] ?? ''
  const flow = throughput({ from: peer, to: container, address, seconds: 8 })
  await until('it downloads', () => sentBy('eth0', peer) > 20)
  const ping = execa('ip', ['netns', 'exec', peer.name, 'ping', '-n', '-q', '-i', '0.2', '-w', '4', address])
  const [{ stdout }] = await Promise.all([ping, flow])
  for (const one of [container, peer]) await one.del()
  for (const one of [container, peer]) removeContainer(one)
  return Number(/= [\d.]+\/([\d.]+)\//.exec(stdout)?.[1])
}

test('a ping beside a download waits a third of its time in one queue, or less', async () => {
  // On a busy machine a ping waits for its turn, too: a queue that is wrong is wrong each time.
  const seen: string[] = []
  while (seen.length < 5) {
    const [queue, flows] = [await delay({ latency: 400 }), await delay({ queue: 'fq_codel' })]
    if (flows < queue / 3) return
    seen.push(`${flows} ms, ${queue} ms in one queue`)
  }
  assert.unreachable(seen.join('; '))
})

test('STATUS succeeds, and a failing ADD leaves no shaper', async () => {
  const config = { ...limits, name: 'net', cniVersion: '1.1.0' }
  assert.equal(await call({ verb: 'STATUS', config }), done)
  const { container, request } = shapedContainer(limits)
  await added(request)
  assert.match(errorOf(await call({ ...request, verb: 'ADD' })).said, 'has a qdisc already')
  assert.equal(kindsOn(hostEndOf(container)), ['tbf', 'fq_codel'])
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.equal(kindsOn(hostEndOf(container)), [])
  removeContainer(container)
})

test.run()
