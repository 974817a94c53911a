/** `patchbay doctor`: faults of links, addresses, routes, sysctls and firewall are made on a node, found, and mended by the printed commands. */
// needs: nft ip, nft bridge, iptables

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { foundAndMended, silent } from '../harness/doctor.ts'
import { ownEtc } from '../harness/etc.ts'
import { farHost, privateHost, scratch, setSysctl, usableAtOnce } from '../harness/host.ts'
import { hostEnd, link } from '../harness/look.ts'
import { bridgeNetwork, ptpNetwork } from '../harness/networks.ts'
import { run } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
usableAtOnce()
farHost()
ownEtc('/etc/cni/net.d', '/etc/systemd/network', '/etc/NetworkManager')

const portmap = { type: 'portmap', capabilities: { portMappings: true } }

/** Two containers on a bridge with all that a network can have, and one behind ptp. */
const full = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true, bridge: 'br1' })
const net = {
  ...full,
  plugins: [...full.plugins, portmap, { type: 'firewall', ingressPolicy: 'same-bridge' }],
}
const port = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 80, protocol: 'tcp' }] },
})
const one: Attached = await attach(net, port(8080))
await attach(net, port(8081))
const routed = await attach(ptpNetwork({ ipMasq: true }))
/** Containers of a bridge without a gateway. */
const flat = bridgeNetwork({ bridge: 'br3' })
await attach(flat)
await attach(flat)

const end = hostEnd(one).ifname
const [own = ''] = one.addresses
const gateway = own.replace(/\d+$/, '1')
const subnet = own.replace(/\d+$/, '0/24')

test('a node without faults gives no output', () => silent())

/** Faults that are found and mended, by the sentence of the test. */
const faults: Record<string, [fault: string, make: () => unknown, after?: () => unknown]> = {
  'IPv4 forwarding was switched off': ['forwarding-off', () => setSysctl('net/ipv4/ip_forward', 0)],
  'IPv6 forwarding was switched off': ['forwarding-off', () => setSysctl('net/ipv6/conf/all/forwarding', 0)],
  'forwarding was switched off on one link': [
    'forwarding-off',
    () => setSysctl('net/ipv4/conf/br1/forwarding', 0),
  ],
  'the kernel ignores advertisements of the router that gave the default route': [
    'advertisements-ignored',
    () => {
      setSysctl('net/ipv6/conf/uplink/accept_ra', 1)
      ip('-6 route add default via fe80::1 dev uplink proto ra metric 4096')
    },
    () => ip('-6 route delete default via fe80::1 dev uplink proto ra metric 4096'),
  ],
  'a bridge is down': ['link-down', () => ip('link set br1 down')],
  'the host end of a ptp is down': ['link-down', () => ip(`link set ${hostEnd(routed).ifname} down`)],
  'a port was taken from its bridge': ['port-lost', () => ip(`link set ${end} nomaster`)],
  'a port was put into another bridge': ['port-lost', () => ip(`link set ${end} master br3`)],
  'the MTU of a host end is smaller than that of the container': [
    'mtu-mismatch',
    () => ip(`link set ${end} mtu 1400`),
  ],
  'the bridge has lost its gateway address': [
    'gateway-missing',
    () => ip(`address delete ${gateway}/24 dev br1`),
  ],
  'ptp has lost the route to a container': [
    'gateway-missing',
    () => ip(`route delete ${routed.addresses[0]} dev ${hostEnd(routed).ifname}`),
  ],
  'IPv6 was switched off on a bridge': [
    'ipv6-disabled',
    () => setSysctl('net/ipv6/conf/br1/disable_ipv6', 1),
  ],
  'another link has the gateway address, too': [
    'gateway-twice',
    () => ip(`address add ${gateway}/32 dev uplink`),
  ],
  'a route leads a part of the subnet elsewhere': [
    'subnet-diverted',
    () => ip(`route add ${subnet.replace('0/24', '128/25')} dev uplink`),
  ],
  'another link has an address in the subnet': [
    'subnet-diverted',
    () => ip(`address add ${gateway.replace(/\d+$/, '77')}/24 dev uplink`),
  ],
  'host ports do not answer at 127.0.0.1': [
    'route-localnet-off',
    () => setSysctl('net/ipv4/conf/br1/route_localnet', 0),
  ],
  'all rules were flushed': ['rules-missing', () => command('nft', 'flush', 'ruleset')],
  'the rules of a chain were flushed': [
    'rules-missing',
    () => command('nft', 'flush chain ip patchbay masquerade-postrouting'),
  ],
  'an element of a host port was deleted': [
    'rules-missing',
    () => command('nft', 'delete element ip patchbay portmap-ports { tcp . 8081 }'),
  ],
  'an element names an attachment that does not exist': [
    'rule-orphan',
    () =>
      command(
        'nft',
        'add element bridge patchbay macspoofchk-addresses { "veth0" comment "gone/c9/eth0" : 02:00:00:00:00:09 }',
      ),
  ],
}

for (const [sentence, [fault, make, after]] of Object.entries(faults))
  test(`${sentence}: found, and mended by the printed commands`, async () => {
    const { cause } = await foundAndMended(fault, make)
    assert.ok(cause.length > 20)
    after?.()
    await one.check()
  })

/** Puts a program into the PATH, in the place of a daemon's own tool. */
function standIn(name: string, script: string): void {
  const directory = `${scratch}/stand-ins`
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}/${name}`, `#!/bin/sh\n${script}\n`)
  chmodSync(`${directory}/${name}`, 0o755)
  process.env.PATH = `${directory}:${process.env.PATH?.replace(`${directory}:`, '')}`
}

/** A daemon's file about a link, in its directory of such files. */
function stateFile(directory: string, name: string, text: string): string {
  mkdirSync(directory, { recursive: true })
  const file = `${directory}/${link(name).ifindex}`
  writeFileSync(file, text)
  return file
}

test('systemd-networkd manages host ends and bridges: a file of its own ends that', async () => {
  const links = '/run/systemd/netif/links'
  const managed =
    'ADMIN_STATE=configured\nOPER_STATE=routable\nNETWORK_FILE=/etc/systemd/network/all.network\n'
  stateFile(links, 'uplink', managed)
  const files = [end, 'br1'].map((name) => stateFile(links, name, managed))
  // What networkd does with the file: it manages the links that it names no more.
  standIn(
    'networkctl',
    `grep -q '^Name=.*veth\\*.*br1' /etc/systemd/network/05-patchbay.network
grep -q '^Unmanaged=yes' /etc/systemd/network/05-patchbay.network
for f in ${files.join(' ')}; do printf 'ADMIN_STATE=unmanaged\\n' > $f; done`,
  )
  const { subject } = await foundAndMended('managed-by-networkd', () => {})
  assert.is(subject, `${end} and 1 more`)
})

test('NetworkManager manages a bridge by a profile: one that it only describes is none', async () => {
  const state = (uuid: string) => `[device]\nmanaged=true\nconnection-uuid=${uuid}\n`
  mkdirSync('/run/NetworkManager/system-connections', { recursive: true })
  const profile = (uuid: string, more = '') =>
    writeFileSync(
      `/run/NetworkManager/system-connections/${uuid}.nmconnection`,
      `[connection]\nid=Wired\nuuid=${uuid}\n${more}`,
    )
  profile('1')
  profile('2', '[.nmmeta]\nnm-generated=true\nvolatile=true\nexternal=true\n')
  stateFile('/run/NetworkManager/devices', 'br3', state('2'))
  await silent()
  const file = stateFile('/run/NetworkManager/devices', 'br1', state('1'))
  standIn(
    'nmcli',
    `case "$*" in 'device set br1 managed no') printf '[device]\\nmanaged=false\\n' > ${file};; esac`,
  )
  await foundAndMended('managed-by-networkmanager', () => {})
  assert.match(readFileSync('/etc/NetworkManager/conf.d/90-patchbay.conf', 'utf8'), /\+=interface-name:br1\n/)
})

test('two interfaces of a container are in one subnet, and its reverse path filter is strict', async () => {
  const both = await attach(flat)
  const second = await attach(flat, { container: both, ifname: 'eth1' })
  await silent()
  const found = await foundAndMended('reverse-path-filter', () =>
    setSysctl('net/ipv4/conf/all/rp_filter', 1, both.name),
  )
  assert.match(found.subject, /^eth1 of container/)
  await second.del()
  await both.del()
})

test('a bridge sends packets of containers to a NIC with a smaller MTU', async () => {
  ip('link add nic type veth peer name other')
  ip('link set nic up')
  const uplinked = await attach(bridgeNetwork({ bridge: 'br9', uplinks: ['nic'] }))
  await foundAndMended('mtu-mismatch', () => ip('link set nic mtu 1400'))
  await uplinked.del()
  ip('link delete nic')
})

test('links that containers have left: an IFB, a VTEP with its bridge', async () => {
  await foundAndMended('link-orphan', () => {
    ip('link add bwp1 type ifb')
    ip('link set bwp1 alias patchbay:gone/c9/eth0')
    ip('link add vxbr9 type bridge')
    ip('link add vxlan9 type vxlan id 9 dstport 4789')
    ip('link set vxlan9 master vxbr9')
    for (const name of ['vxbr9', 'vxlan9']) command('ip', 'link', 'set', name, 'alias', 'patchbay: vxlan')
  })
})

test('names that a shell or a terminal would obey do no harm', async () => {
  const bridge = 'b;$(id)\'"*'
  const hostile = await attach(bridgeNetwork({ bridge, isGateway: true }))
  await foundAndMended('link-down', () => command('ip', 'link', 'set', bridge, 'down'))
  await foundAndMended('forwarding-off', () => setSysctl(`net/ipv4/conf/${bridge}/forwarding`, 0))
  const comment = 'gone\u001b[31m/c9/eth0'
  const element = `{ "veth0" comment "${comment}" : 02:00:00:00:00:09 }`
  await foundAndMended('rule-orphan', () => {
    command('nft', `add element bridge patchbay macspoofchk-addresses ${element}`)
    const { stdout } = run(`${executables()}/patchbay`, 'doctor')
    assert.match(stdout, 'elements of attachments that do not exist')
    assert.not.match(stdout, /[^\n -~…]/)
  })
  await hostile.del()
  command('ip', 'link', 'delete', bridge)
})

test('containers that come and go while doctor looks are no fault', async () => {
  const adding = Array.from({ length: 6 }, async () => {
    const passing = await attach(net)
    await passing.del()
  })
  let isDone = false
  const all = Promise.all(adding).finally(() => (isDone = true))
  const look = () => run(`${executables()}/patchbay`, 'doctor').stdout.split('\n').filter(Boolean)
  /** When each line was first seen of those that are seen in every look since. */
  let lines = new Map<string, number>()
  while (!isDone) {
    const now = performance.now()
    lines = new Map(look().map((line) => [line, lines.get(line) ?? now]))
    // A single ADD or DEL may be seen at work for some seconds, where the machine is busy.
    const old = [...lines].filter(([, first]) => now - first > 60_000)
    assert.equal(old, [])
    await new Promise(setImmediate)
  }
  await all
  await silent()
})

test('a user without rights is told what was not seen, and that is no finding', () => {
  const words = [
    '--reuid=65534',
    '--clear-groups',
    '--bounding-set=-all',
    `${executables()}/patchbay`,
    'doctor',
  ]
  const { stdout, stderr, status } = spawnSync('setpriv', words, { encoding: 'utf8' })
  assert.is(status, 0)
  assert.is(stdout, '')
  assert.match(stderr, /link-down, .*: not seen: open \/var\/lib\/cni\/results: EACCES\n {2}run it as root\n/)
})

test('the table of connections is nearly full', async () => {
  const [count, max] = ['count', 'max'].map((name) => `/proc/sys/net/netfilter/nf_conntrack_${name}`)
  const stand = (file: string | undefined, value: number) => {
    const copy = `${scratch}/${file?.split('/').at(-1)}`
    writeFileSync(copy, `${value}\n`)
    command('mount', '--bind', copy, `${file}`)
  }
  await foundAndMended('conntrack-full', () => {
    stand(count, 950)
    stand(max, 1000)
  })
  for (const file of [count, max]) command('umount', `${file}`)
})

test.run()
