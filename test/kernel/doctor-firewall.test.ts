/** `patchbay doctor`: chains of other programs that drop what containers send are found, mended by the printed commands, and rules that accept it are seen. */
// needs: nft ip, nft bridge, iptables

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { command, succeeds } from '../harness/command.ts'
import { findings, foundAndMended, silent } from '../harness/doctor.ts'
import { far, farHost, privateHost, setSysctl } from '../harness/host.ts'
import { bridgeNetwork, ptpNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const routed = bridgeNetwork({ isDefaultGateway: true })
const [one] = [await attach(routed), await attach(routed)]
await attach(ptpNetwork())
const flat = bridgeNetwork()
const [first, second] = [await attach(flat), await attach(flat)]
const [address = ''] = second.addresses
const hook = (value: 0 | 1) => {
  for (const program of ['iptables', 'ip6tables']) setSysctl(`net/bridge/bridge-nf-call-${program}`, value)
}
hook(0)

const nft = (...lines: string[]) => command('nft', lines.join('; '))
const iptables = (words: string) => command('sh', '-c', `set -e; ${words}`)
const open = 'iptables-nft -F; iptables-nft -P FORWARD ACCEPT; iptables-nft -X'

/** A base chain that drops what its rules do not accept. */
const foreign = (...rules: string[]) => [
  'add table inet foreign',
  'add chain inet foreign forward { type filter hook forward priority 0; policy drop; }',
  ...rules.map((rule) => `add rule inet foreign forward ${rule}`),
]

test('iptables drops what is forwarded, and accepts it for the bridge of another program only', async () => {
  await foundAndMended('forward-drop', () => {
    iptables(`iptables-nft -P FORWARD DROP; iptables-nft -N OTHER; iptables-nft -A FORWARD -j OTHER
iptables-nft -A OTHER -i docker0 -j ACCEPT; iptables-nft -A OTHER -i docker0 ! -o docker0 -j ACCEPT
iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-nft -A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT; iptables-nft -A FORWARD -m comment --comment x -j LOG`)
    assert.ok(isSilent(one, far.ipv4))
  })
  assert.ok(pings(one, far.ipv4))
  iptables(open)
})

for (const [what, rules] of Object.entries({
  'the bridge': ['iptables-nft -A FORWARD -i br1 -j ACCEPT', 'iptables-nft -A FORWARD -i veth+ -j ACCEPT'],
  'the subnets': ['iptables-nft -A FORWARD -s 10.0.0.0/8 -j ACCEPT'],
  'a link that is not known': ['iptables-nft -A FORWARD -o uplink -j ACCEPT'],
}))
  test(`a policy of DROP is no fault where a rule accepts ${what}`, async () => {
    iptables(['iptables-nft -P FORWARD DROP', ...rules].join('; '))
    await silent()
    iptables(open)
  })

test('a chain of nftables drops: rules for answers, other links and other addresses do not open it', async () => {
  await foundAndMended('forward-drop', () => {
    nft(
      ...foreign(
        'ct state vmap { established : accept, related : accept, invalid : drop }',
        'ct status dnat accept',
        'iifname { "lxcbr0", "virbr0" } accept',
        'iifname "docker0" accept',
        'ip saddr 192.168.0.0/20 accept',
        'meta nfproto ipv6 return',
      ),
    )
    assert.ok(isSilent(one, far.ipv4))
  })
  assert.ok(pings(one, far.ipv4, far.ipv6))
  nft('delete table inet foreign')
})

for (const [what, rules] of Object.entries({
  'a set of links': ['iifname { "br1", "lo" } accept', 'iifname "veth*" accept'],
  'a chain that is jumped to': ['jump other'],
  'a range of addresses': ['ip saddr 10.0.0.0-10.9.255.255 accept', 'ip6 saddr fd00::/16 accept'],
  'what only the packet tells': ['meta mark 7 accept'],
}))
  test(`a chain of nftables that drops is no fault where it accepts ${what}`, async () => {
    nft(
      'add table inet foreign',
      'add chain inet foreign other',
      'add rule inet foreign other iifname != "uplink" accept',
      ...foreign(...rules),
    )
    await silent()
    nft('delete table inet foreign')
  })

test('frames between ports of a bridge are dropped by iptables, through br_netfilter', async () => {
  iptables('iptables-nft -P FORWARD DROP; iptables-nft -A FORWARD -s 10.1.0.0/16 -j ACCEPT')
  iptables('iptables-nft -A FORWARD -i veth+ -j ACCEPT')
  await silent()
  const { subject } = await foundAndMended('bridge-drop', () => {
    hook(1)
    assert.ok(isSilent(first, address))
  })
  assert.is(subject, 'br3')
  assert.ok(pings(first, address))
  hook(0)
  iptables(open)
})

test('kube-proxy is there, and frames between ports of a bridge pass by its rules', async () => {
  await foundAndMended('bridge-bypass', () => iptables('iptables-nft -t nat -N KUBE-SERVICES'))
  hook(0)
  iptables('iptables-nft -t nat -X KUBE-SERVICES')
  await silent()
})

test('iptables-legacy drops all that is forwarded', async () => {
  await foundAndMended('forward-drop', () => {
    iptables('iptables-legacy -P FORWARD DROP')
    assert.ok(isSilent(one, far.ipv4))
  })
  assert.ok(pings(one, far.ipv4))
  iptables('iptables-legacy -F; iptables-legacy -P FORWARD ACCEPT')
})

test('rules of both kinds of iptables: those of the one are moved to the other', async () => {
  await foundAndMended('iptables-mixed', () =>
    iptables(
      'iptables-nft -A INPUT -p tcp --dport 1 -j ACCEPT; iptables-legacy -A INPUT -p tcp --dport 2 -j ACCEPT',
    ),
  )
  assert.match(command('iptables-nft', '-S', 'INPUT'), '--dport 2')
  assert.not.match(command('iptables-legacy', '-S', 'INPUT'), '--dport 2')
  assert.equal(findings(), [])
  assert.ok(succeeds('iptables-nft', '-F', 'INPUT'))
})

test.run()
