/** `patchbay trace`: its verdict is what happens to a real packet, whatever is broken on the way. */
// needs: nft ip, nft bridge, iptables, link macvlan, link vxlan

import * as assert from 'uvu/assert'
import type { Traced } from '../../cli/answers/trace.ts'
import { type Attached, attach, attachTwo } from '../harness/attach.ts'
import { command, ip, succeeds } from '../harness/command.ts'
import {
  far,
  farHost,
  type Netns,
  near,
  newContainer,
  privateHost,
  setSysctl,
  usableAtOnce,
} from '../harness/host.ts'
import { hostEnd, link } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { isSilent, mirrorIn, pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
usableAtOnce()
const file = `${executables()}/patchbay`
const distant = farHost()
const { one, other } = await attachTwo(bridgeNetwork({ isDefaultGateway: true, ipMasq: true }))
const routed = await attach(bridgeNetwork({ isDefaultGateway: true }))
const ends = { one: hostEnd(one).ifname, other: hostEnd(other).ifname }

/** A packet, and what the verb must say of it. */
interface Way {
  from: Netns
  to: Netns
  address: string
}

const wayTo = (to: Attached): Way => ({ from: one, to, address: to.addresses[0] as string })
const bridged = wayTo(other)
const across = wayTo(routed)
const outward: Way = { from: one, to: distant, address: far.ipv4 }

/** The verdict is as expected, in one line, and a real ping has the same end. */
function agrees({ from, to, address }: Way, verdict: RegExp, passes: boolean, words = ''): void {
  const said = operate(file, `trace ${from.path} ${to.path} ${words}`.trim(), passes ? 0 : 1)
  assert.match(said, verdict)
  assert.is(said.split('\n').length, 2, 'one line')
  assert.ok(passes ? pings(from, address) : isSilent(from, address), said)
}

const shell = (script: string) => command('sh', '-ec', script)

/** Breaks something, looks, and mends it: then the packet passes again. */
function broken(what: string, way: Way, cause: string, mend: string, verdict: RegExp): void {
  test(`${what}: the verdict names the cause, and is what happens to a real packet`, () => {
    try {
      shell(cause)
      agrees(way, verdict, false)
    } finally {
      shell(mend)
    }
    agrees(way, /^REACHES /, true)
  })
}

test('on one bridge, between two, and by masquerade to a far host, in both families, packets pass', () => {
  agrees(bridged, /^REACHES \S+ \(10\.1\.0\.3 eth0\) by eth0 → veth\w+ → br1 → veth\w+ → eth0$/m, true)
  agrees(across, /^REACHES \S+ \(10\.2\.0\.2 eth0\) by eth0 → veth\w+ → br1 → br2 → veth\w+ → eth0$/m, true)
  agrees(outward, /^REACHES \S+far \(198\.51\.100\.1 eth0\) by eth0 → veth\w+ → br1 → uplink → eth0$/m, true)
  for (const [way, address] of [
    [bridged, other.addresses[1]],
    [across, routed.addresses[1]],
    [outward, far.ipv6],
  ] as const)
    agrees({ ...way, address: address as string }, /^REACHES /, true, '-6')
})

const inOne = `ip -n ${one.name}`
broken(
  'without a route',
  across,
  `${inOne} route del default`,
  `${inOne} route add default via 10.1.0.1`,
  /^NO ROUTE in container \S+: there is no route to 10\.2\.0\.2$/m,
)
broken(
  'with a route that refuses',
  across,
  'ip route add prohibit 10.2.0.2',
  'ip route del prohibit 10.2.0.2',
  /^NO ROUTE in the host: /,
)
broken(
  "with the destination's link down",
  bridged,
  `ip link set ${ends.other} down`,
  `ip link set ${ends.other} up; until bridge link show dev ${ends.other} | grep -q 'state forwarding'; do :; done`,
  new RegExp(`^DROPPED in the host: ${ends.other} is down$`, 'm'),
)
broken(
  'with a neighbour that has another address',
  bridged,
  `${inOne} neighbour replace 10.1.0.3 lladdr 02:00:00:00:00:99 dev eth0 nud permanent`,
  `${inOne} neighbour del 10.1.0.3 dev eth0`,
  /^DROPPED in container \S+: 10\.1\.0\.3 is at 02:00:00:00:00:99 \(permanent\), which no interface on eth0 has$/m,
)
broken(
  'with a gateway that does not answer',
  across,
  `${inOne} route replace default via 10.1.0.77`,
  `${inOne} route replace default via 10.1.0.1`,
  /^DROPPED in container \S+: no neighbour on eth0 answers for 10\.1\.0\.77$/m,
)
broken(
  'between isolated ports',
  bridged,
  `bridge link set dev ${ends.one} isolated on; bridge link set dev ${ends.other} isolated on`,
  `bridge link set dev ${ends.one} isolated off; bridge link set dev ${ends.other} isolated off`,
  /^DROPPED in the host: ports veth\w+ and veth\w+ of br1 are isolated$/m,
)
broken(
  'with a wrong entry in the forwarding database',
  bridged,
  `bridge fdb replace ${link('eth0', other).address} dev ${ends.one} master static sticky; ${inOne} neighbour flush dev eth0`,
  `bridge fdb del ${link('eth0', other).address} dev ${ends.one} master`,
  /^DROPPED in the host: the forwarding database of br1 has \S+ at veth\w+, not at veth\w+$/m,
)
broken(
  'with a foreign chain whose policy is drop',
  across,
  "nft 'add table ip foreign; add chain ip foreign forward { type filter hook forward priority 0; policy drop; }; add rule ip foreign forward ip daddr { 192.0.2.0/24, 203.0.113.7 } accept'",
  'nft delete table ip foreign',
  /^DROPPED in the host: nftables ip foreign forward: policy drop, at forward$/m,
)
broken(
  'with a rule of iptables that drops',
  across,
  'iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -A FORWARD -d 10.2.0.0/24 -m comment --comment foreign -j DROP',
  'iptables -F FORWARD',
  /^DROPPED in the host: nftables ip filter FORWARD handle \d+: drop, at forward$/m,
)
broken(
  'with a rule that drops at the destination',
  bridged,
  `ip netns exec ${other.name} nft 'add table ip own; add chain ip own in { type filter hook input priority 0; }; add rule ip own in icmp type echo-request ip saddr 10.1.0.0/24 counter reject'`,
  `ip netns exec ${other.name} nft delete table ip own`,
  /^DROPPED in container \S+: nftables ip own in handle \d+: reject, at input$/m,
)
broken(
  'with a rule of the family bridge',
  bridged,
  `nft 'add table bridge foreign; add chain bridge foreign f { type filter hook forward priority 0; }; add rule bridge foreign f oifname "${ends.other}" ip protocol icmp drop'`,
  'nft delete table bridge foreign',
  /^DROPPED in the host: nftables bridge foreign f handle \d+: drop, at forward$/m,
)
broken(
  'with forwarding off',
  across,
  'sysctl -qw net.ipv4.ip_forward=0',
  'sysctl -qw net.ipv4.ip_forward=1',
  /^DROPPED in the host: forwarding is off: net\.ipv4\.ip_forward is 0$/m,
)
broken(
  'without a way back',
  { from: distant, to: other, address: other.addresses[0] as string },
  `ip -n ${other.name} route del default`,
  `ip -n ${other.name} route add default via 10.1.0.1`,
  /^NO ANSWER from \S+ by eth0 → uplink → br1 → veth\w+ → eth0, the answer is lost in container \S+: there is no route to 198\.51\.100\.1$/m,
)

test('IPv6: a link whose own switch is off forwards all the same, as the kernel has one switch', () => {
  shell('sysctl -qw net.ipv6.conf.br1.forwarding=0')
  try {
    agrees({ ...across, address: routed.addresses[1] as string }, /^REACHES /, true, '-6')
  } finally {
    shell('sysctl -qw net.ipv6.conf.br1.forwarding=1')
  }
})

test('rp_filter: what comes from an address that is routed elsewhere is dropped', () => {
  ip(`-n ${one.name} address add 10.99.0.1/32 dev eth0`)
  ip(`-n ${one.name} neighbour replace 10.1.0.1 lladdr ${link('br1').address} dev eth0 nud permanent`)
  ip('route add 10.99.0.0/24 dev br2')
  setSysctl('net/ipv4/conf/br1/rp_filter', 1)
  const ping = (seconds: number) =>
    command(
      ...(`ip netns exec ${one.name} ping -c1 -w${seconds} -I 10.99.0.1 10.2.0.2`.split(' ') as [string]),
    )
  const said = operate(file, 'trace 10.99.0.1 10.2.0.2', 1)
  assert.match(said, /^DROPPED in the host: rp_filter of br1: the way back to 10\.99\.0\.1 is not by br1$/m)
  assert.throws(() => ping(1))
  ip('route del 10.99.0.0/24 dev br2')
  ip('route add 10.99.0.0/24 dev br1')
  assert.match(operate(file, 'trace 10.99.0.1 10.2.0.2', 0), /^REACHES /)
  ping(20)
  ip('route del 10.99.0.0/24 dev br1')
  ip(`-n ${one.name} address del 10.99.0.1/32 dev eth0`)
  ip(`-n ${one.name} neighbour del 10.1.0.1 dev eth0`)
})

test('macvlan: siblings reach each other in mode bridge and not in mode private, and none the host', async () => {
  for (const mode of ['bridge', 'private'] as const) {
    const { one, other, end } = await attachTwo(macvlanNetwork({ mode }))
    const own = { from: one, to: other, address: other.addresses[0] as string }
    const isolated =
      /^DROPPED in container \S+: macvlan eth0 is in mode private: it does not reach the others on uplink$/m
    agrees(own, mode === 'bridge' ? /^REACHES \S+ .* by eth0 → eth0$/m : isolated, mode === 'bridge')
    agrees(
      { from: one, to: distant, address: far.ipv4 },
      /^REACHES \S+far .* by eth0 → uplink → eth0$/m,
      true,
    )
    const refused = operate(file, `trace ${one.path} ${near.ipv4}`, 1)
    assert.match(refused, /^DROPPED in container \S+: macvlan eth0 does not reach the host's own addresses/)
    assert.ok(isSilent(one, near.ipv4))
    await end()
  }
})

test('a host port: the packet from outside comes to the container, and the answer back', async () => {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true })
  const withPorts = {
    ...net,
    plugins: [...net.plugins, { type: 'portmap', capabilities: { portMappings: true } }],
  }
  const mapping = { hostPort: 8080, containerPort: 7000, protocol: 'tcp' }
  const served = await attach(withPorts, { capabilities: { portMappings: [mapping] } })
  const ask = () => operate(file, `trace ${distant.path} ${near.ipv4} tcp 8080`, 0)
  const reached = /^REACHES \S+ \(10\.\d+\.0\.2 eth0 tcp 7000\) by eth0 → uplink → br\d+ → veth\w+ → eth0/
  assert.match(ask(), reached)
  assert.match(ask(), /; no program listens at tcp 7000 there$/m)
  const mirror = await mirrorIn(served)
  assert.not.match(ask(), /no program/)
  assert.is(mirror.sourceOf(distant, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.match(operate(file, `trace host ${near.ipv4} tcp 8080`), /^REACHES .* tcp 7000/)
  assert.match(mirror.sourceOf(undefined, near.ipv4, 'tcp', 8080), /./)
  // To itself by its host port: br_netfilter lets the bridge send it back, by the port by which it came.
  setSysctl('net/bridge/bridge-nf-call-iptables', 1)
  const back = `trace ${served.path} ${near.ipv4} tcp 8080`
  const askItself = () => mirror.sourceOf(served, near.ipv4, 'tcp', 8080)
  const refused = /^DROPPED in the host: port veth\w+ of br\d+ sends nothing back \(hairpin off\)$/m
  assert.match(operate(file, back, 1), refused)
  command('bridge', 'link', 'set', 'dev', hostEnd(served).ifname, 'hairpin', 'on')
  assert.match(operate(file, back), /^REACHES /)
  assert.match(askItself(), /^10\.\d+\.0\.1$/)
  mirror.stop()
  await served.del()
})

test('a rule that cannot be evaluated makes the verdict unknown where it matters, and not elsewhere', () => {
  const table = (rule: string) =>
    shell(
      `nft 'add table ip foreign; add chain ip foreign f { type filter hook forward priority 0; }; add rule ip foreign f ${rule}'`,
    )
  const way = `trace ${one.path} ${routed.path}`
  table('numgen random mod 2 == 0 drop')
  const where = /^CANNOT TELL in the host: nftables ip foreign f handle \d+ at forward: /
  assert.match(operate(file, way, 1), where)
  shell('nft delete table ip foreign')
  table('numgen random mod 2 == 0 log')
  assert.match(operate(file, way, 0), /^REACHES /)
  shell('nft add rule ip foreign f numgen random mod 2 == 0 ip daddr 192.0.2.1 drop')
  assert.match(operate(file, way, 0), /^REACHES /)
  shell('nft delete table ip foreign')
})

test('--live sends a real packet, agrees, and leaves no table, also when it is killed', async () => {
  const tables = () => command('nft', 'list', 'tables')
  const before = tables()
  const dry = operate(file, `trace ${one.path} ${routed.path} udp 53 --live --dry-run`)
  assert.match(dry, /^would send one packet to 10\.2\.0\.2 udp 53 from container /)
  for (const words of ['', ' udp 53', ' tcp 80']) {
    const { verdict, live } = await answerOf<Traced>(
      file,
      'trace',
      `${one.path} ${routed.path}${words} --live`,
    )
    assert.is(verdict, 'reaches')
    assert.is(live?.answered, true)
    assert.ok(live?.traced.some(({ text }) => text.startsWith('ip patchbay masquerade-')))
  }
  shell(
    "nft 'add table ip foreign; add chain ip foreign f { type filter hook forward priority 0; policy drop; }'",
  )
  const said = await answerOf<Traced>(file, 'trace', `${one.path} ${routed.path} --live`, 1)
  assert.equal([said.verdict, said.live?.arrived, said.live?.answered], ['dropped', false, false])
  assert.is(said.live?.traced.at(-1)?.text, 'ip foreign f: policy drop')
  succeeds('timeout', '-s', 'KILL', '0.5', file, 'trace', one.path, routed.path, '--live')
  await until('the table is gone with the process', () => !tables().includes('patchbay-trace'))
  shell('nft delete table ip foreign')
  assert.is(tables(), before)
})

test('what leaves the host: by which link, as whom, and whether a neighbour has answered', async () => {
  shell(
    `ip link add overlay type vxlan id 9 dstport 4789 local ${near.ipv4} remote 198.51.100.77; ip address add 10.200.0.1/24 dev overlay; ip link set overlay up; ip neighbour add 10.200.0.9 lladdr 02:00:00:00:00:09 dev overlay nud permanent`,
  )
  const leaves =
    'LEAVES the host at overlay for 10\\.200\\.0\\.9, as 10\\.200\\.0\\.1 by eth0 → veth\\w+ → br1 → overlay'
  assert.match(operate(file, `trace ${one.path} 10.200.0.9`), new RegExp(`^${leaves}$`, 'm'))
  assert.match(
    operate(file, `trace ${one.path} 10.200.0.8`),
    /; no neighbour has answered for 10\.200\.0\.8 yet$/m,
  )
  // Nothing masquerades what this one sends.
  assert.match(
    operate(file, `trace ${routed.path} 10.200.0.9`),
    /; with its own address 10\.2\.0\.2, not masqueraded/,
  )
  const { verdict, live } = await answerOf<Traced>(file, 'trace', `${one.path} 10.200.0.9 udp 53 --live`)
  assert.equal([verdict, live?.arrived, live?.answered], ['leaves', true, undefined])
  ip('link del overlay')
})

test('a hostile name of a namespace harms neither the terminal nor JSON', async () => {
  const hostile = newContainer('\u001b[31mred\nline')
  command('ip', 'link', 'add', 'hostile', 'type', 'veth', 'peer', 'name', 'eth0')
  command('ip', 'link', 'set', 'eth0', 'netns', hostile.path)
  command(
    'nsenter',
    `--net=${hostile.path}`,
    'sh',
    '-c',
    'ip address add 10.77.0.2/24 dev eth0; ip link set eth0 up',
  )
  shell('ip address add 10.77.0.1/24 dev hostile; ip link set hostile up')
  const said = operate(file, 'trace host 10.77.0.2 -v')
  assert.match(said, /^REACHES /)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.not.match(said, /[\u0000-\u0009\u000b-\u001f]/)
  const { reached } = await answerOf<Traced>(file, 'trace', 'host 10.77.0.2')
  assert.is(reached?.place, hostile.path)
  ip('link del hostile')
})

test('a slip in the words is told, with status 2', () => {
  assert.match(operate(file, `trace ${one.path} nosuch`, 2), /no container "nosuch"/)
  assert.match(operate(file, `trace ${one.path} host tpc 80`, 2), /did you mean tcp\?/)
  assert.match(operate(file, `trace ${one.path} host tcp`, 2), /tcp needs a port/)
  assert.match(operate(file, 'trace host 224.0.0.1', 2), /multicast/)
  assert.match(operate(file, 'trace host 10.1.0.7:80', 2), 'a port is a word of its own: 10.1.0.7 tcp 80')
  assert.match(operate(file, 'trace host [fd00::7]:80', 2), 'of its own: fd00::7 tcp 80')
  assert.match(operate(file, `trace 203.0.113.9 ${one.path} --live`, 2), /--live needs a source on this host/)
})

test.run()
