/** Host ports by iptables beside the reference's, and in either kind of iptables. */
// needs: nft ip, iptables
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { add, check, collect, remove } from '../../shared/firewall/portmap-iptables.ts'
import { portChain } from '../../shared/firewall/portmap-iptables-rules.ts'
import type { Mapping, PortRules } from '../../shared/firewall/portmap-rules.ts'
import { formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { command } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { far, near, privateHost, scratch } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { twice } from '../harness/traffic.ts'
import type { Container } from './firewall-containers.ts'
import { twoServers } from './portmap-iptables-host.ts'
import { nat, rulesOf, sees } from './portmap-mappings.ts'
import { portmapAdd } from './portmap-networks.ts'

await privateHost()
const { outside, one, two, server, serverOfTwo, scenario } = await twoServers()

/** A rule by which iptables-nft refuses its table. */
const spoil =
  'add table ip nat; add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }; add set ip nat s { type ipv4_addr; }; add rule ip nat POSTROUTING ip saddr @s masquerade'

/** Makes iptables-legacy the host's iptables, as update-alternatives(1) does, until /etc/alternatives is unmounted. */
function chooseLegacy(): void {
  const copy = `${scratch}/alternatives`
  command('sh', '-c', `rm -rf ${copy} && cp -a /etc/alternatives ${copy}`)
  for (const program of ['iptables', 'ip6tables'])
    for (const task of ['', '-save', '-restore'])
      command('ln', '-sf', `/usr/sbin/${program}-legacy${task}`, `${copy}/${program}${task}`)
  command('mount', '--bind', copy, '/etc/alternatives')
}

test('rules of iptables-legacy: ADD where it is the host’s iptables, refusals and DEL whichever is used now', async () => {
  chooseLegacy()
  const legacy = () => nat('legacy')
  command('nft', spoil)
  await add(rulesOf(one))
  command('nft', 'delete', 'table', 'ip', 'nat')
  await check(rulesOf(one))
  assert.equal(sees(server, outside, near.ipv4), twice([far.ipv4]))
  assert.match((await caught(add(rulesOf(two)))).message, /taken by container c1/)
  command('ip6tables', '-t', 'nat', '-F', portChain(one.attachment))
  assert.match((await caught(check(rulesOf(one)))).message, /ip6tables has no rule -A/)
  await remove(one.attachment)
  assert.equal(legacy(), [])
  await add(rulesOf(one))
  assert.is(await collect('zero', []), 2)
  assert.equal(legacy(), [])
  await add(rulesOf(one))
  command('umount', '/etc/alternatives')
  assert.match((await caught(add(rulesOf(two)))).message, /taken by container c1 of network zero/)
  await add(rulesOf(two), () => {})
  assert.equal(legacy(), [])
  assert.equal(sees(serverOfTwo, outside, near.ipv4), twice([far.ipv4]))
  await remove(two.attachment)
  chooseLegacy()
  await add(rulesOf(one))
  command('umount', '/etc/alternatives')
  await remove(one.attachment)
  assert.equal(legacy(), [])
  assert.equal(nat(), [])
})

test('iptables-nft refuses its table while iptables-legacy works: ADD says what to do, and chooses neither by itself', async () => {
  command('nft', spoil)
  const request = asked(one, rulesOf(one).slice(0, 1), { backend: 'iptables' })
  const { status, json } = await call({ ...request, verb: 'ADD' })
  assert.equal([status, json?.code], [1, 999])
  assert.match(String(json?.msg), /^iptables cannot use table ip nat: .*incompatible.*Move them to a table/)
  for (const words of ['configuration use nftables', 'update-alternatives', 'see: nft list table ip nat'])
    assert.match(String(json?.details), words)
  assert.equal(nat('legacy'), [])
  chooseLegacy()
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  command('umount', '/etc/alternatives')
  assert.equal(nat('legacy'), [])
  command('nft', 'flush', 'ruleset')
})

/** A call of portmap for a container. */
function asked({ netns }: Pick<Container, 'netns'>, rules: PortRules[], keys: object) {
  const [{ attachment, mappings }] = rules as [PortRules]
  const portMappings = mappings.map(({ hostIP, ...rest }) => ({
    ...rest,
    ...(hostIP && { hostIP: formatAddress(hostIP) }),
  }))
  return portmapAdd(
    { containerID: attachment.containerID, netns: netns.path },
    rules.map(({ address }) => formatCidr(address)),
    portMappings,
    { name: attachment.network, ...keys },
  )
}

/** Calls the reference's portmap for the first container. */
async function theirs(verb: 'ADD' | 'DEL', rules: PortRules[], keys: object = {}): Promise<void> {
  const request = asked(one, rules, { snat: rules[0]?.snat, ...keys })
  const { status, json } = await reference({ ...request, verb })
  assert.is(status, 0, JSON.stringify(json))
}

const mixed: Mapping[] = [
  { protocol: 'udp', hostPort: 5300, containerPort: 53 },
  { protocol: 'tcp', hostPort: 8080, containerPort: 80 },
  { protocol: 'udp', hostPort: 5301, containerPort: 53, hostIP: parseAddress(near.ipv4) as never },
  { protocol: 'tcp', hostPort: 8443, containerPort: 443, hostIP: parseAddress('::') as never },
  { protocol: 'sctp', hostPort: 7, containerPort: 7 },
]

const many = Array.from({ length: 31 }, (_, index) => ({
  protocol: 'tcp' as const,
  hostPort: 9000 + index,
  containerPort: 80 + index,
}))

for (const [what, ours, keys] of [
  ['mappings of all kinds', { mappings: mixed }, {}],
  ['31 ports', { mappings: many }, {}],
  ['no change of the source', { mappings: mixed, snat: false }, {}],
  ['another bit', { mappings: mixed, markMasqBit: 3 }, { markMasqBit: 3 }],
  [
    'conditions',
    { mappings: mixed, conditions: ['-m', 'mark', '!', '--mark', '0x4'] },
    {
      conditionsV4: ['-m', 'mark', '!', '--mark', '0x4'],
      conditionsV6: ['-m', 'mark', '!', '--mark', '0x4'],
    },
  ],
] as [string, Partial<PortRules>, object][]) {
  scenario(
    `the rules are the reference’s to the letter, but for ::1, and each removes the other’s: ${what}`,
    async () => {
      const rules = rulesOf(one, ours)
      await theirs('ADD', rules, keys)
      const expected = nat()
      await check(rules)
      await remove(one.attachment)
      assert.equal(nat(), [])
      await add(rules)
      assert.equal(
        nat().filter((line) => !line.endsWith(' -d ::1/128 -j RETURN')),
        expected,
      )
      await theirs('DEL', rules, keys)
      assert.not.ok(nat().some((line) => line.includes('CNI-DN-')))
      assert.match((await caught(check(rules))).message, /no chain CNI-DN-/)
      await add(rules)
    },
  )
}

scenario(
  'CHECK accepts the reference’s rules with the ports of both families, where it knows those of one only',
  async () => {
    await theirs('ADD', rulesOf(one, { mappings: mixed }))
    const isOf =
      (family: 4 | 6) =>
      ({ hostIP }: Mapping) =>
        !hostIP || hostIP.family === family
    const rules = rulesOf(one).map((each) => ({
      ...each,
      mappings: mixed.filter(isOf(each.address.address.family)),
    }))
    await check(rules)
    const more: Mapping = { protocol: 'udp', hostPort: 5302, containerPort: 53 }
    const error = await caught(check(rules.map((each) => ({ ...each, mappings: [...each.mappings, more] }))))
    assert.match(error.message, /iptables has no rule -A .*5302/)
  },
)

scenario('a port that a container of the reference has is refused with its name', async () => {
  await theirs('ADD', rulesOf(one))
  const error = await caught(add(rulesOf(two)))
  assert.is(
    error.message,
    `host port 8080/tcp is taken by container ${one.attachment.containerID} of network zero`,
  )
})

test.run()
