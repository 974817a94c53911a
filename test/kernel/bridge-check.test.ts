/** bridge: CHECK notices and names faults on the host's side. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { hostEnd, inContainer } from '../harness/look.ts'
import { bridgeNetwork, hostLocal, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

interface Attached {
  container: Netns
  port: string
  bridge: string
}

/** A sentence, the network's keys, the fault, and the words that CHECK must say. */
const breaks: [string, Record<string, unknown>, (attached: Attached) => unknown, RegExp][] = [
  ['the port has left the bridge', {}, ({ port }) => ip(`link set ${port} nomaster`), /no port of br/],
  ['the port is down', {}, ({ port }) => ip(`link set ${port} down`), /is down/],
  ['the port’s MTU', { mtu: 1400 }, ({ port }) => ip(`link set ${port} mtu 1300`), /MTU 1300, not 1400/],
  ['hairpin mode, on', {}, ({ port }) => ip(`link set ${port} type bridge_slave hairpin on`), /hairpin/],
  [
    'hairpin mode, off',
    { hairpinMode: true },
    ({ port }) => ip(`link set ${port} type bridge_slave hairpin off`),
    /hairpin/,
  ],
  [
    'isolation',
    { portIsolation: true },
    ({ port }) => ip(`link set ${port} type bridge_slave isolated off`),
    /isolated/,
  ],
  [
    'the gateway address',
    { isGateway: true },
    ({ bridge }) => ip(`-4 address flush dev ${bridge}`),
    /gateway address/,
  ],
  [
    'the IPv6 gateway address',
    { isGateway: true },
    ({ bridge }) => ip(`-6 address flush dev ${bridge} scope global`),
    /gateway address fd/,
  ],
  [
    'promiscuous mode',
    { promiscMode: true },
    ({ bridge }) => ip(`link set ${bridge} promisc off`),
    /promisc/,
  ],
  ['the bridge is down', {}, ({ bridge }) => ip(`link set ${bridge} down`), /is down/],
  [
    'the bridge’s spanning tree',
    { stp: true },
    ({ bridge }) => ip(`link set ${bridge} type bridge stp 0`),
    /stp/,
  ],
  [
    'the bridge’s MAC address',
    {},
    ({ bridge }) => ip(`link set ${bridge} address 02:00:00:00:00:09`),
    /02:00:00:00:00:09/,
  ],
  [
    'the container’s interface is down',
    {},
    ({ container }) => inContainer(container, 'link set eth0 down'),
    /eth0 is down/,
  ],
  [
    'the container’s address',
    {},
    ({ container }) => inContainer(container, '-4 address flush dev eth0'),
    /lacks its address/,
  ],
  ['the bridge is gone', {}, ({ bridge }) => ip(`link delete ${bridge}`), /no bridge br/],
  [
    'the container’s MAC address',
    {},
    ({ container }) => inContainer(container, 'link set eth0 address 02:00:00:00:00:08'),
    /02:00:00:00:00:08/,
  ],
  [
    'the masquerade, nftables',
    { ipMasq: true, ipMasqBackend: 'nftables' },
    () => command('nft', 'flush', 'ruleset'),
    /masquerade/i,
  ],
  [
    'the masquerade, iptables',
    { ipMasq: true, ipMasqBackend: 'iptables' },
    () => command('iptables', '-t', 'nat', '-F', 'POSTROUTING'),
    /has no rule -A POSTROUTING/,
  ],
  ['the MAC address guard', { macspoofchk: true }, () => command('nft', 'flush', 'ruleset'), /mac/i],
]

/** Runs the commands that CHECK names until CHECK succeeds. Faults without a command are repaired by DEL and ADD. */
async function repair(finding: string, check: () => Promise<unknown>): Promise<void> {
  let said = finding
  for (let commands = 0; said !== ''; commands++) {
    const [, remedy] = /repair it: ([^;]*)/.exec(said) ?? []
    if (!remedy) return assert.match(said, 'run DEL and ADD again')
    assert.ok(commands < 4, said)
    command('sh', '-c', remedy)
    said = await check().then(
      () => '',
      (error: Error) => error.message,
    )
  }
}

for (const [what, keys, damage, named] of breaks)
  test(`CHECK names it: ${what}`, async () => {
    const net = bridgeNetwork(keys)
    const container = newContainer()
    await cnitool.add(net, container)
    await cnitool.check(net, container)
    damage({ container, port: hostEnd(container).ifname, bridge: net.plugins[0]?.bridge as string })
    const said = await refusal(cnitool.check(net, container))
    assert.match(said, named, said)
    await repair(said, () => cnitool.check(net, container))
    await cnitool.del(net, container)
  })

test('CHECK names the command that shows the fault', async () => {
  const config = single(bridgeNetwork({}))
  const container = newContainer()
  const { json: prevResult } = await call({ verb: 'ADD', config, netns: container.path })
  const port = hostEnd(container).ifname
  ip(`link set ${port} nomaster`)
  const { status, json } = await call({
    verb: 'CHECK',
    config: { ...config, prevResult },
    netns: container.path,
  })
  assert.is(status, 1)
  assert.match(String(json?.details), `ip -d link show dev ${port}`)
})

test('CHECK finds a route whose priority the kernel chose, and one with two next hops', async () => {
  const routes = [
    { dst: '10.60.0.0/16', priority: 0, table: 0 },
    { dst: 'fd60::/64', gw: 'fd61::8' },
    { dst: 'fd60::/64', gw: 'fd61::9' },
  ]
  const ipam = { ...hostLocal('10.61.0.0/24', 'fd61::/64'), routes }
  const net = bridgeNetwork({ isDefaultGateway: true, ipam })
  const container = newContainer()
  await cnitool.add(net, container)
  await cnitool.check(net, container)
})

test('CHECK without a prevResult is refused with code 7', async () => {
  const config = single(bridgeNetwork({}))
  const { status, json } = await call({ verb: 'CHECK', config, netns: newContainer().path })
  assert.equal([status, json?.code], [1, 7])
})

test.run()
