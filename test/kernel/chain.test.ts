/** Whole lists, as callers have them: every plugin that changes an interface behind one bridge, in every version, with traffic. */
// needs: nft ip, qdisc tbf
// packages: iperf3

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { far, farHost, type Netns, near, privateHost } from '../harness/host.ts'
import { addresses, inContainer } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { type Kind, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pingsWith } from '../harness/traffic.ts'
import { ruleset } from './firewall-containers.ts'

await privateHost()
const outside = farHost()
const farServer = await mirrorIn(outside)

const portMappings = [{ hostPort: 8080, containerPort: 7000, protocol: 'tcp' }]
const bandwidth = {
  ingressRate: 20_000_000,
  ingressBurst: 4294967295,
  egressRate: 20_000_000,
  egressBurst: 4294967295,
}
const capabilities = { portMappings, bandwidth }

/** sbr routes by the source address, so it has to be chosen. */
function addressOf(family: 4 | 6, container: Netns): string {
  const found = addresses('eth0', container)
    .map(bare)
    .find((one) => one.includes(':') === (family === 6))
  return found ?? ''
}

const chain: Kind = {
  config: { type: 'bridge', bridge: 'br0', isDefaultGateway: true, ipMasq: true, hairpinMode: true },
  chain: [
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'firewall', ingressPolicy: 'same-bridge' },
    { type: 'tuning', mtu: 1400, sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
    { type: 'bandwidth', capabilities: { bandwidth: true } },
    { type: 'sbr' },
  ],
  capabilities,
  subnets: ['10.5.0.0/24', 'fd05::/64'],
  everyVersion: true,
  expect(link, container) {
    assert.is(link.mtu, 1400)
    for (const family of [4, 6])
      assert.match(inContainer(container, `-${family} rule show`), /from (10\.5\.0\.|fd05::)\S+ lookup 1\d\d/)
    for (const [to, address] of [
      [far.ipv4, addressOf(4, container)],
      [far.ipv6, addressOf(6, container)],
    ] as const)
      assert.ok(pingsWith(['-I', address], container, to), to)
  },
  breaks: {
    'the whole ruleset was flushed': () => void command('nft', 'flush ruleset'),
    'the MTU of tuning is another': (container) => inContainer(container, 'link set eth0 mtu 1300'),
    'a rule of sbr is gone': (container) => inContainer(container, 'rule flush'),
  },
}

testRoundTrips('bridge, portmap, firewall, tuning, bandwidth, sbr', chain)

for (const file of ['25-podman.conflist', '250-kubernetes.conflist', '251-nomad.conflist'])
  test(`${file}: the far host reaches the container by a port, and the container the far host`, async () => {
    const net = exampleNetwork(file)
    const one = await attach(net, { capabilities })
    const server = await mirrorIn(one)
    assert.is(farServer.sourceOf(one, far.ipv4, 'tcp'), near.ipv4)
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
    await one.check()
    await one.del()
    await one.del()
    assert.equal(JSON.stringify(ruleset()).match(/cnitool-[0-9a-f]+/g), null)
  })

test.run()
