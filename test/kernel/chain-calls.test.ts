/** A list of six plugins as runtimes call it: DEL in any order and knowing nothing, CRI-O's start, podman's reload, beside tables of others. */
// needs: nft ip, nft bridge, link ifb, qdisc tbf

import * as assert from 'uvu/assert'
import { added, attach } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exampleNetwork, hostLocal } from '../harness/networks.ts'
import { type Call, type Configuration, call, type Result } from '../harness/plugin.ts'
import { type Snapshot, snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'

await privateHost()
const outside = farHost()

/** In the words of containerd's Go types. */
const bandwidth = {
  ...{ IngressRate: 20_000_000, IngressBurst: 4294967295 },
  ...{ EgressRate: 20_000_000, EgressBurst: 34359738359 },
}
const port = (HostPort: number) => [{ HostPort, ContainerPort: 7000, Protocol: 'tcp', HostIP: '' }]

/** The list, as a runtime hands its plugins to them. */
const plugins: Configuration[] = [
  {
    ...{ type: 'bridge', bridge: 'br0', isDefaultGateway: true, ipMasq: true, macspoofchk: true },
    ...{ hairpinMode: true, ipam: hostLocal('10.5.0.0/24', 'fd05::/64') },
  },
  { type: 'portmap' },
  { type: 'firewall', ingressPolicy: 'isolated' },
  { type: 'tuning', mtu: 1400, sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' } },
  { type: 'bandwidth', egress: 'ifb' },
  { type: 'sbr' },
].map((plugin) => ({ name: 'six', cniVersion: '1.1.0', ...plugin }))

/** What runtimes write besides the list. */
type Extras = Record<string, unknown>

/** The calls of a verb for each plugin, in the list's order. */
function calls(verb: Call['verb'], own: Omit<Call, 'verb' | 'config'>, extras: Extras = {}): Call[] {
  return plugins.map((config) => ({ verb, ...own, config: { ...config, ...extras } }))
}

/** ADD of the whole list for a new container. */
async function addAll(hostPort = 8080) {
  const container = newContainer()
  const own = { containerID: container.name, netns: container.path }
  const runtimeConfig = { portMappings: port(hostPort), bandwidth }
  let prevResult: Result | undefined
  for (const { config } of calls('ADD', own, { runtimeConfig }))
    prevResult = await added({ ...own, config: { ...(config as Configuration), prevResult } })
  const of = (verb: Call['verb'], extras: Extras = { runtimeConfig, prevResult }) => calls(verb, own, extras)
  return { container, own, of }
}

async function succeed(...all: Call[]): Promise<void> {
  for (const each of all) {
    const { status, json } = await call(each)
    assert.is(status, 0, `${each.verb} of ${JSON.stringify(each.config)}: ${JSON.stringify(json)}`)
  }
}

/** The host after a container of the list has come and gone: bridge, directories and sysctls that stay are there. */
async function usedHost(): Promise<Snapshot> {
  const { container, of } = await addAll()
  await succeed(...of('DEL').reverse())
  removeContainer(container)
  return snapshot()
}

const orders = { 'in the order of ADD': [0, 1, 2, 3, 4, 5], 'from the middle': [3, 1, 5, 0, 4, 2] }

for (const [how, order] of Object.entries(orders))
  for (const knows of [true, false])
    test(`DEL of the six ${how}, twice, ${knows ? 'with all that ADD had' : 'without prevResult, runtimeConfig and CNI_NETNS'}, leaves nothing`, async () => {
      const before = await usedHost()
      const { container, own, of } = await addAll()
      const all = knows ? of('DEL') : calls('DEL', { ...own, netns: '' })
      for (let twice = 0; twice < 2; twice++) await succeed(...order.flatMap((index) => all[index] ?? []))
      removeContainer(container)
      unchanged(before)
    })

test('CHECK of all holds at once and later, when another container has come and one has gone', async () => {
  const before = await usedHost()
  const [one, two] = [await addAll(8081), await addAll(8082)]
  await succeed(...one.of('CHECK'), ...two.of('CHECK'))
  await succeed(...two.of('DEL').reverse())
  await succeed(...one.of('CHECK'))
  await succeed(...one.of('DEL').reverse())
  for (const { container } of [one, two]) removeContainer(container)
  unchanged(before)
})

test('CRI-O’s start: VERSION, STATUS, GC that keeps who lives, their CHECK; and GC with null when there is none', async () => {
  const before = await usedHost()
  const [stale, live] = [await addAll(8081), await addAll(8082)]
  const gc = (list: unknown) =>
    calls('GC', {}, { 'cni.dev/valid-attachments': list, 'cni.dev/attachments': list })
  await succeed(...calls('VERSION', {}), ...calls('STATUS', {}))
  removeContainer(stale.container)
  await succeed(...gc([{ containerID: live.container.name, ifname: 'eth0' }]))
  await succeed(...live.of('CHECK'))
  const rules = command('nft', 'list ruleset')
  assert.match(rules, `six/${live.container.name}/eth0`)
  assert.not.match(rules, `six/${stale.container.name}/eth0`)
  removeContainer(live.container)
  await succeed(...gc(null))
  unchanged(before)
})

test('no rule of another program is touched, from ADD to DEL', async () => {
  command(
    'nft',
    [
      'add table inet theirs',
      'add chain inet theirs forward { type filter hook forward priority 0; }',
      'add rule inet theirs forward ip saddr 192.0.2.1 counter drop',
      'add table ip nat',
      'add chain ip nat POSTROUTING { type nat hook postrouting priority 100; }',
      'add rule ip nat POSTROUTING ip saddr 192.0.2.0/24 masquerade',
      'add table bridge nat',
      'add chain bridge nat PREROUTING { type filter hook prerouting priority -300; }',
    ].join('\n'),
  )
  const theirs = () =>
    ['inet theirs', 'ip nat', 'bridge nat'].map((name) => command('nft', `list table ${name}`))
  const before = theirs()
  const { container, of } = await addAll()
  assert.equal(theirs(), before)
  await succeed(...of('CHECK'), ...of('DEL').reverse())
  assert.equal(theirs(), before)
  removeContainer(container)
  command('nft', 'flush ruleset')
})

test('25-podman.conflist: network reload, which is DEL and ADD with the old addresses, and the port leads to the container again', async () => {
  const net = exampleNetwork('25-podman.conflist')
  const capabilities = {
    portMappings: [{ hostPort: 8080, containerPort: 7000, protocol: 'tcp', hostIP: '' }],
  }
  const args = { IgnoreUnknown: '1', K8S_POD_NAME: 'web' }
  const one = await attach(net, { capabilities, args })
  const server = await mirrorIn(one)
  const mac = one.result.interfaces.find(({ sandbox }) => sandbox)?.mac ?? ''
  command('nft', 'flush ruleset')
  await one.del()
  const again = await attach(net, {
    ...{ container: one, capabilities },
    args: { ...args, IP: one.addresses[0] ?? '', MAC: mac },
  })
  assert.equal(again.addresses, one.addresses)
  assert.is(again.result.interfaces.find(({ sandbox }) => sandbox)?.mac, mac)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  await again.check()
  await again.del()
  server.stop()
})

test.run()
