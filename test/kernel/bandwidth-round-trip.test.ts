/** The round trip of bandwidth in a chain, in every version: with a qdisc in the container, with an IFB, with subnets. */
// needs: link ifb, qdisc tbf, qdisc htb

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { type Netns, privateHost } from '../harness/host.ts'
import { hostEnd, inContainer } from '../harness/look.ts'
import { isUp, type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { rootQdisc, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'

await privateHost()

const bridge = { type: 'bridge', bridge: 'br0', isGateway: true }
const subnets = ['10.1.0.0/24', 'fd01::/64']
const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 800_000,
  egressRate: 20_000_000,
  egressBurst: 1_600_000,
}

const end = (container: Netns) => hostEnd(container).ifname
const bytes = (container: Netns) => ({
  received: rootQdisc(end(container))?.options.rate,
  sent: rootQdisc('eth0', container)?.options.rate,
})

/** The IFBs of the host. */
function ifbs(): string[] {
  return [...ip('-o link show type ifb').matchAll(/^\d+: (\S+):/gm)].map(([, name = '']) => name)
}

const ifb = () => ifbs()[0] ?? 'none'

const tbf = (rate: number, burst = 100_000, limit = 131_250) =>
  `tbf rate ${rate}bit burst ${burst} limit ${limit}`

const received: Kind['breaks'] = {
  'the limit of what is received is gone': (container) => void tc(`qdisc del dev ${end(container)} root`),
  'it has another rate': (container) => void tc(`qdisc replace dev ${end(container)} root ${tbf(9_000_000)}`),
  'it has another burst': (container) =>
    void tc(`qdisc replace dev ${end(container)} root ${tbf(10_000_000, 110_000, 141_250)}`),
  'it has another latency': (container) =>
    void tc(`qdisc replace dev ${end(container)} root ${tbf(10_000_000, 100_000, 200_000)}`),
  'it was replaced by another kind of qdisc': (container) =>
    void tc(`qdisc replace dev ${end(container)} root handle 5: bfifo limit 100000`),
  'its queue was replaced': (container) =>
    void tc(`qdisc replace dev ${end(container)} parent ba:1 pfifo limit 10`),
}

const inside: Kind = {
  config: bridge,
  chain: [{ type: 'bandwidth', ...limits }],
  subnets,
  everyVersion: true,
  expect(found, container) {
    isUp('veth', 1500)(found)
    assert.equal(bytes(container), { received: 1_250_000, sent: 2_500_000 })
    assert.equal(ifbs(), [])
  },
  breaks: {
    ...received,
    'the limit of what is sent is gone': (container) => void tc('qdisc del dev eth0 root', container),
    'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
  },
}

const byIfb: Kind = {
  ...inside,
  chain: [{ type: 'bandwidth', capabilities: { bandwidth: true }, egress: 'ifb' }],
  capabilities: { bandwidth: limits },
  expect(found, container) {
    isUp('veth', 1500)(found)
    assert.equal(bytes(container), { received: 1_250_000, sent: undefined })
    assert.is(rootQdisc(ifb())?.options.rate, 2_500_000)
    assert.match(tc(`filter show dev ${end(container)} ingress`), `Redirect to device ${ifb()}`)
  },
  breaks: {
    'the IFB is gone': () => ip(`link delete ${ifb()}`),
    'the IFB is down': () => ip(`link set ${ifb()} down`),
    'the IFB has lost its limit': () => void tc(`qdisc del dev ${ifb()} root`),
    'the IFB has another rate': () =>
      void tc(`qdisc replace dev ${ifb()} root ${tbf(10_000_000, 200_000, 262_500)}`),
    'the redirection is gone': (container) => void tc(`qdisc del dev ${end(container)} ingress`),
    'the redirection has no filter': (container) => void tc(`filter del dev ${end(container)} ingress`),
  },
}

const bySubnet: Kind = {
  ...inside,
  chain: [{ type: 'bandwidth', ...limits, shapedSubnets: ['10.0.0.0/8', 'fd00::/20', '192.0.2.1/32'] }],
  expect(found, container) {
    isUp('veth', 1500)(found)
    assert.match(
      tc(`class show dev ${end(container)}`),
      'class htb ba:1 root leaf bb: prio 0 rate 10Mbit ceil 10Mbit burst 100000b cburst 100000b',
    )
    const filters = tc(`filter show dev ${end(container)}`)
    assert.match(filters, /match 0a000000\/ff000000 at 12[\s\S]*match c0000201\/ffffffff at 12/)
    assert.match(filters, 'match fd000000/fffff000 at 8')
    assert.match(tc('filter show dev eth0', container), 'match 0a000000/ff000000 at 16')
    assert.match(tc('filter show dev eth0', container), 'match fd000000/fffff000 at 24')
  },
  breaks: {
    'the class is gone': (container) => {
      tc(`filter del dev ${end(container)}`)
      tc(`class del dev ${end(container)} classid ba:1`)
    },
    'the class has another rate': (container) =>
      void tc(
        `class change dev ${end(container)} classid ba:1 htb rate 11mbit ceil 11mbit burst 100000 cburst 100000 quantum 1500`,
      ),
    'the class may borrow': (container) =>
      void tc(
        `class change dev ${end(container)} classid ba:1 htb rate 10mbit ceil 20mbit burst 100000 cburst 100000 quantum 1500`,
      ),
    'a filter is gone': (container) => void tc(`filter del dev ${end(container)} protocol ipv6 prio 2`),
    'a filter was added': (container) =>
      void tc(
        `filter add dev ${end(container)} protocol ip prio 1 u32 match ip src 198.51.100.0/24 classid ba:1`,
      ),
    'a filter lets others pass': (container) =>
      void tc(`filter add dev ${end(container)} protocol ip prio 1 u32 match ip src 0.0.0.0/0 classid ba:0`),
    'the queue of the class has another length': (container) =>
      void tc(`qdisc replace dev ${end(container)} parent ba:1 handle bb: bfifo limit 1000`),
  },
}

testRoundTrips('bridge and bandwidth', inside)
testRoundTrips('bandwidth by the capability, with an IFB', byIfb)
testRoundTrips('bandwidth of some subnets', bySubnet)
testRoundTrips('bandwidth without some subnets', {
  ...bySubnet,
  everyVersion: false,
  chain: [
    {
      type: 'bandwidth',
      ...limits,
      unshapedSubnets: ['10.0.0.0/8', 'fd00::/20', '192.0.2.1/32'],
      egress: 'ifb',
    },
  ],
  expect(found, container) {
    isUp('veth', 1500)(found)
    assert.match(tc(`qdisc show dev ${end(container)}`), 'default 0x1')
    assert.match(tc(`filter show dev ${ifb()}`), 'match fd000000/fffff000 at 24')
  },
  breaks: { 'a filter of the IFB is gone': () => void tc(`filter del dev ${ifb()} protocol ip prio 1`) },
})

test.run()
