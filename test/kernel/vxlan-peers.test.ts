/** vxlan with `"peers": "store"`: hosts find each other by a real etcd, through `patchbay agent`, and traffic goes on without both. */
// needs: link vxlan
// packages: tcpdump
// etcd: 3.5

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { newCluster } from '../harness/cluster.ts'
import type { ClusterHost, ClusterNetwork, Pod } from '../harness/cluster-host.ts'
import { command, ip, succeeds } from '../harness/command.ts'
import { newContainer, privateHost, scratch } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import type { Started } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { overhear, pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

const { hosts, etcd } = await newCluster({ hosts: 3 })
const [one, two, three] = hosts as [ClusterHost, ClusterHost, ClusterHost]

const plain = { name: 'plain', type: 'vxlan', vni: 100, peers: 'store' }
const quiet = { name: 'quiet', type: 'vxlan', vni: 200, peers: 'store', arpSuppress: true }
/** On an underlay of IPv6. */
const six = { name: 'six', type: 'vxlan', vni: 300, peers: 'store', arpSuppress: true, dstport: 4790 }

const sixOn = (host: ClusterHost) => ({ ...six, local: host.ipv6 })

const agents = new Map<ClusterHost, Started>()

function startAgent(host: ClusterHost): void {
  agents.set(host, host.begin('agent'))
}

async function killAgent(host: ClusterHost): Promise<string> {
  const agent = agents.get(host)
  agent?.kill('SIGKILL')
  agents.delete(host)
  return (await agent?.ended)?.stderr ?? ''
}

const numberOf = (host: ClusterHost) => hosts.indexOf(host) + 1

/** A file of a host. */
const pathIn = ({ under }: ClusterHost, path: string) => `/proc/${under[1]?.split('=')[1]}/root${path}`

/** A pod whose addresses have the host's number and one of its own. */
function pod(host: ClusterHost, network: ClusterNetwork, number: number): Promise<Pod> {
  return host.add(withAddresses(host, network, number))
}

function withAddresses(host: ClusterHost, network: ClusterNetwork, number: number): ClusterNetwork {
  const [net, at] = [(network.vni as number) / 100, numberOf(host)]
  return { ...network, ipam: fixed(`10.${net}.${at}.${number}/16`, `fd${net + 10}::${at}:${number}/64`) }
}

function lines(...words: [string, ...string[]]): string[] {
  return command(...words)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .sort()
}

/** The entries of a VTEP's FDB that have a remote. */
const fdb = (host: ClusterHost, vni: number) =>
  lines('bridge', '-n', host.name, 'fdb', 'show', 'dev', `vx${vni}`).filter((line) => line.includes(' dst '))
const floods = (host: ClusterHost, vni: number) =>
  fdb(host, vni).flatMap((line) => /^00:00:00:00:00:00 dst (\S+)/.exec(line)?.[1] ?? [])
const neighbours = (host: ClusterHost, vni: number) =>
  lines('ip', '-n', host.name, 'neighbour', 'show', 'dev', `vx${vni}`, 'nud', 'permanent').map(
    (line) => line.split(' ')[0],
  )

/** Waits until an entry has gone. Where a watch was lost, as on a busy machine, entries stay a minute longer than in the store. */
const untilGone = (what: string, isSo: () => boolean) => until(what, isSo, 150)

const knows = (host: ClusterHost, vni: number, ...others: ClusterHost[]) =>
  untilGone(`${host.name} floods VNI ${vni} to ${others.map(({ name }) => name)}`, () => {
    const wanted = others.map((other) => (vni === 300 ? other.ipv6 : other.ipv4)).sort()
    return floods(host, vni).join() === wanted.join()
  })

const answersFor = (host: ClusterHost, vni: number, ...pods: Pod[]) =>
  until(`${host.name} answers for ${pods.map(({ name }) => name)}`, () =>
    pods.every(({ addresses }) => addresses.every((address) => neighbours(host, vni).includes(address))),
  )

const keys = (prefix: string) =>
  etcd.etcdctl('get', '--prefix', '--keys-only', `/patchbay/${prefix}`).split('\n').filter(Boolean)

/** Whether a packet of so many bytes passes, and no larger one: IPv6's header has 40 bytes, ICMPv6's 8. */
function carries(from: Pod, to: string, bytes: number): boolean {
  const passes = (size: number) =>
    succeeds(
      'ip',
      'netns',
      'exec',
      from.name,
      'ping',
      '-n',
      '-c3',
      '-W5',
      '-M',
      'do',
      '-s',
      `${size - 48}`,
      to,
    )
  return passes(bytes) && !passes(bytes + 1)
}

/** What is heard of ARP and neighbour solicitations inside the tunnel, on a host's NIC. */
const resolutions = (heard: string[], vni: number) => {
  const text = heard.join('\n').split(/(?=VXLAN, flags)/)
  return text.filter((part) => part.includes(`vni ${vni}\n`) && /ARP|neighbor solicitation/.test(part))
}

for (const host of hosts) {
  for (const { name, ...plugin } of [plain, quiet, sixOn(host)])
    host.write(`/etc/cni/net.d/${name}.conflist`, { cniVersion: '1.1.0', name, plugins: [plugin] })
}

const pods: Record<string, Pod> = {}
const podOf = (name: string) => pods[name] as Pod

test('without an agent ADD and CHECK succeed and say so; the MTU is that of the link of the default route, in each family', async () => {
  const { name: containerID, path: netns } = newContainer()
  const config = { cniVersion: '1.1.0', ...plain, ipam: fixed('10.1.9.9/16') }
  const call = { config, containerID, netns }
  const { status, stderr, json } = await one.call({ ...call, verb: 'ADD' })
  assert.is(status, 0, JSON.stringify(json))
  assert.match(stderr, 'no patchbay agent runs on this host')
  assert.is(link('vx100', one).mtu, 1450)
  const checked = await one.call({ ...call, verb: 'CHECK', config: { ...config, prevResult: json } as never })
  assert.is(checked.status, 0, JSON.stringify(checked.json))
  assert.match(checked.stderr, 'no patchbay agent runs on this host')
  assert.equal(JSON.parse(one.read('/run/patchbay/peers/vteps/vx100.json')), {
    ...{ vni: 100, vtep: 'vx100', address: one.ipv4, port: 4789 },
  })
  assert.is((await one.call({ ...call, verb: 'DEL' })).status, 0)
  assert.not.ok(existsSync(pathIn(one, '/run/patchbay/peers/vteps/vx100.json')))
})

test('two hosts find each other, and containers reach each other in both families', async () => {
  for (const host of [one, two]) startAgent(host)
  pods.a = await pod(one, plain, 1)
  pods.b = await pod(two, plain, 1)
  await Promise.all([knows(one, 100, two), knows(two, 100, one)])
  assert.ok(pings(podOf('a'), ...podOf('b').addresses))
  assert.ok(carries(podOf('a'), podOf('b').addresses[1] ?? '', 1450))
  assert.equal(keys('vteps/100/'), ['/patchbay/vteps/100/host1', '/patchbay/vteps/100/host2'])
  assert.equal(keys('neighbours/100/'), [])
})

test('with arpSuppress neither ARP nor neighbour solicitations cross the underlay while containers reach each other', async () => {
  const heard = await overhear(
    'eth0',
    'udp port 4789',
    async () => {
      pods.c = await pod(one, quiet, 1)
      pods.d = await pod(two, quiet, 1)
      await Promise.all([answersFor(one, 200, podOf('d')), answersFor(two, 200, podOf('c'))])
      assert.ok(pings(podOf('c'), ...podOf('d').addresses))
      assert.ok(pings(podOf('d'), ...podOf('c').addresses))
      // Broadcasts, and frames to MAC addresses that no host publishes.
      const { name } = podOf('c')
      ip(`-n ${name} neighbour add 10.2.7.7 lladdr 02:00:00:00:00:07 dev eth0`)
      for (const words of ['-b 10.2.255.255', '10.2.7.7'])
        succeeds('ip', 'netns', 'exec', name, 'ping', '-c1', '-W1', ...words.split(' '))
      ip(`-n ${podOf('a').name} neighbour flush dev eth0`)
      assert.ok(pings(podOf('a'), ...podOf('b').addresses))
    },
    two,
  )
  assert.equal(resolutions(heard, 200), [])
  assert.ok(resolutions(heard, 100).length > 1, 'the filter sees those of the other network')
  for (const to of ['10.2.255.255', '10.2.7.7'])
    assert.ok(
      heard.some((line) => line.includes(`> ${to}: ICMP echo request`)),
      to,
    )
  const mac = link('eth0', podOf('d')).address
  assert.ok(fdb(one, 200).some((line) => line.startsWith(`${mac} dst ${two.ipv4} self permanent`)))
  assert.is(link('vx200', one).linkinfo?.info_data?.learning ?? false, false)
})

test('with arpSuppress a container that comes back with another MAC address is reached at once by those who knew it', async () => {
  const first = await pod(two, quiet, 50)
  await answersFor(one, 200, first)
  assert.ok(pings(podOf('c'), ...first.addresses))
  await two.verb('DEL', quiet, first)
  const second = await pod(two, quiet, 50)
  const mac = link('eth0', second).address
  const isKnown = (address: string) =>
    inContainer(podOf('c'), `neighbour show ${address} dev eth0`).includes(`lladdr ${mac}`)
  await until('its new MAC address is known in the container', () => second.addresses.every(isKnown))
  assert.ok(pings(podOf('c'), ...second.addresses))
  await two.verb('DEL', quiet, second)
})

test('an underlay of IPv6: the MTU is 70 bytes less, and link-local addresses are known, too', async () => {
  pods.e = await pod(one, sixOn(one), 1)
  pods.f = await pod(two, sixOn(two), 1)
  await Promise.all([answersFor(one, 300, podOf('f')), answersFor(two, 300, podOf('e'))])
  assert.ok(pings(podOf('e'), ...podOf('f').addresses))
  assert.is(link('eth0', podOf('e')).mtu, 1430)
  assert.ok(carries(podOf('e'), podOf('f').addresses[1] ?? '', 1430))
  const local = inContainer(podOf('f'), 'address show dev eth0').match(/fe80::[0-9a-f:]+/)?.[0]
  assert.ok(pings(podOf('e'), `${local}%eth0`))
})

test('a host that joins while etcd is away is learnt when it is back, and traffic goes on meanwhile', async () => {
  const [member] = etcd.members
  await member?.kill()
  startAgent(three)
  pods.g = await pod(three, quiet, 1)
  assert.ok(pings(podOf('c'), ...podOf('d').addresses))
  assert.ok(pings(podOf('a'), ...podOf('b').addresses))
  assert.is(one.patchbay('reconcile').includes('is as configured'), true)
  member?.start()
  await member?.ready()
  for (const host of [one, two]) await answersFor(host, 200, podOf('g'))
  await answersFor(three, 200, podOf('c'), podOf('d'))
  assert.ok(pings(podOf('g'), ...podOf('c').addresses, ...podOf('d').addresses))
})

test('an agent that is killed leaves traffic as it is; the next one makes the entries as they are to be', async () => {
  await killAgent(one)
  assert.ok(pings(podOf('c'), ...podOf('d').addresses, ...podOf('g').addresses))
  pods.h = await pod(two, quiet, 2)
  const own = '02:00:00:00:00:78'
  const bridge = (words: string) => command('bridge', '-n', one.name, 'fdb', ...words.split(' '))
  bridge(`add ${own} dev vx200 dst 192.0.2.98 self static`)
  ip(`-n ${one.name} neighbour add 10.2.9.8 lladdr ${own} dev vx200 nud noarp`)
  bridge(`del ${link('eth0', podOf('d')).address} dev vx200`)
  startAgent(one)
  await answersFor(one, 200, podOf('h'))
  assert.ok(pings(podOf('c'), ...podOf('h').addresses))
  assert.ok(
    fdb(one, 200).some((line) => line.startsWith(own)),
    'a static entry is the operator\u2019s',
  )
  assert.match(inContainer(one, 'neighbour show dev vx200 nud noarp'), '10.2.9.8')
  await until('the other one is there, too', () =>
    fdb(one, 200).some((line) => line.startsWith(link('eth0', podOf('d')).address)),
  )
})

test('the neighbours of a VTEP that was down are there again; of one that was deleted the log tells, and ADD makes it', async () => {
  agents.get(one)?.kill('SIGSTOP')
  ip(`-n ${one.name} link set vx200 down`)
  ip(`-n ${one.name} link set vx200 up`)
  assert.equal(neighbours(one, 200), [])
  agents.get(one)?.kill('SIGCONT')
  await answersFor(one, 200, podOf('d'), podOf('g'), podOf('h'))
  ip(`-n ${one.name} link delete vx200`)
  await until('it is not published', () => !keys('vteps/200/').includes('/patchbay/vteps/200/host1'))
  pods.i = await pod(one, quiet, 2)
  await answersFor(one, 200, podOf('d'), podOf('g'), podOf('h'))
  assert.ok(pings(podOf('c'), ...podOf('d').addresses))
  assert.match(await killAgent(one), 'VTEP vx200: it is not there: the next ADD of its network makes it')
  startAgent(one)
})

test('hostile values are reported once and do no harm', async () => {
  const put = (key: string, value: unknown) =>
    etcd.etcdctl('put', `/patchbay/${key}`, typeof value === 'string' ? value : JSON.stringify(value))
  const vtep = { address: '192.0.2.50', mac: '02:00:00:00:00:50', port: 4789, since: '' }
  put('vteps/200/evil1', { ...vtep, address: '239.1.1.1' })
  put('vteps/200/evil2', { ...vtep, address: one.ipv6 })
  put('vteps/200/evil3', { ...vtep, address: two.ipv4 })
  put('vteps/200/evil4', 'x'.repeat(100_000))
  put('vteps/200/host5', vtep)
  put('neighbours/200/host5/33:33:00:00:00:01', { mac: '33:33:00:00:00:01', addresses: ['10.2.5.1'] })
  put('neighbours/200/host5/02:00:00:00:00:51', { mac: '02:00:00:00:00:51', addresses: ['10.2.5.2'] })
  await until('host5 is known', () => neighbours(one, 200).includes('10.2.5.2'))
  const vteps = [two.ipv4, three.ipv4, '192.0.2.50'].sort()
  await until('its VTEP is, too', () => isDeepStrictEqual(floods(one, 200), vteps))
  assert.ok(pings(podOf('c'), ...podOf('d').addresses, ...podOf('i').addresses))
  const mac = link('eth0', podOf('c')).address
  put(`neighbours/200/host5/${mac}`, { mac, addresses: [podOf('c').addresses[0]] })
  put('neighbours/200/host5/02:00:00:00:00:52', { mac: '02:00:00:00:00:52', addresses: ['10.2.5.3'] })
  await until('all is known', () => neighbours(one, 200).includes('10.2.5.3'))
  etcd.etcdctl('del', '--prefix', '/patchbay/vteps/200/evil')
  etcd.etcdctl('del', '/patchbay/vteps/200/host5')
  etcd.etcdctl('del', '--prefix', '/patchbay/neighbours/200/host5')
  await untilGone('a released host is forgotten', () => !floods(one, 200).includes('192.0.2.50'))
  await untilGone('its neighbours are, too', () => !neighbours(one, 200).includes('10.2.5.2'))
  const log = await killAgent(one)
  for (const said of [
    /key vteps\/200\/evil1: its address is a multicast address/,
    /VNI 200: evil2: 2001:db8::1 is no IPv4 address/,
    /VNI 200: evil3: it publishes 192.0.2.2, as host2 does|VNI 200: host2: it publishes 192.0.2.2, as evil3 does/,
    /key vteps\/200\/evil4: it has 100000 characters/,
    /33:33:00:00:00:01: mac must be/,
    new RegExp(`VNI 200: ${mac}: host5 publishes it, and this host has it`),
  ]) {
    assert.match(log, said)
    assert.is(log.match(new RegExp(said, 'g'))?.length, 1, String(said))
  }
  startAgent(one)
})

test('what is deleted in the store by mistake is published again, and entries stay', async () => {
  etcd.etcdctl('del', '--prefix', '/patchbay/vteps/')
  etcd.etcdctl('del', '--prefix', '/patchbay/neighbours/')
  await until(
    'all is there again',
    () => keys('vteps/200/').length === 3 && keys('neighbours/200/').length > 4,
  )
  await until('both others are flooded to', () => floods(one, 200).length === 2)
  await answersFor(one, 200, podOf('d'), podOf('g'), podOf('h'))
  assert.ok(pings(podOf('c'), ...podOf('d').addresses, ...podOf('g').addresses))
})

test('CHECK finds nothing wrong with what the agent writes, reconcile changes none of it, and both notice a lost record', async () => {
  const before = [...fdb(one, 200), ...neighbours(one, 200)]
  for (const [network, name] of [
    [quiet, 'c'],
    [plain, 'a'],
    [sixOn(one), 'e'],
  ] as const) {
    const { status, json, stderr } = await one.verb('CHECK', withAddresses(one, network, 1), podOf(name))
    assert.is(status, 0, JSON.stringify(json))
    assert.is(stderr, '')
  }
  assert.match(one.patchbay('reconcile'), 'vx200: is as configured')
  assert.equal([...fdb(one, 200), ...neighbours(one, 200)], before)
  rmSync(pathIn(one, '/run/patchbay/peers/vteps/vx200.json'))
  const { json } = await one.verb('CHECK', withAddresses(one, quiet, 1), podOf('c'))
  assert.match(String(json?.msg), 'the record by which the agent knows of VTEP vx200 is lost')
  assert.match(one.patchbay('reconcile'), `vx200: tell the agent that it receives at ${one.ipv4}`)
  await until('it is published again', () => keys('vteps/200/').includes('/patchbay/vteps/200/host1'))
  writeFileSync(pathIn(one, '/run/patchbay/peers/vteps/vx200.json'), '{')
  const torn = await one.verb('CHECK', withAddresses(one, quiet, 1), podOf('c'))
  assert.is(torn.status, 1)
  one.patchbay('reconcile')
})

test('a host that leaves is forgotten by the others, and leaves nothing in the store, also when its agent did not run', async () => {
  await two.verb('DEL', quiet, podOf('h'))
  await untilGone(
    'its attachment is forgotten',
    () => !neighbours(one, 200).includes(podOf('h').addresses[0]),
  )
  await killAgent(two)
  await two.verb('DEL', quiet, podOf('d'))
  assert.equal(floods(one, 200), [two.ipv4, three.ipv4])
  startAgent(two)
  await knows(one, 200, three)
  assert.equal(keys('vteps/200/'), ['/patchbay/vteps/200/host1', '/patchbay/vteps/200/host3'])
  assert.equal(keys('neighbours/200/host2'), [])
  assert.ok(pings(podOf('c'), ...podOf('g').addresses))
})

test('ten ADDs at once on each host, and as many DELs', async () => {
  const all = await Promise.all(
    hosts.flatMap((host) =>
      Array.from({ length: 10 }, async (_, at) => ({ host, pod: await pod(host, quiet, 20 + at) })),
    ),
  )
  for (const host of hosts)
    await answersFor(host, 200, ...all.filter((one) => one.host !== host).map((one) => one.pod))
  for (const { pod } of all.slice(1)) assert.ok(pings(all[0]?.pod, ...pod.addresses), pod.addresses.join())
  await Promise.all(all.map(({ host, pod }) => host.verb('DEL', quiet, pod)))
  await until(
    'all are forgotten',
    () => keys('neighbours/200/').length === 3 && keys('vteps/200/').length === 2,
  )
})

test('an etcd that is restored from an old backup is filled again by the hosts, and no entry goes', async () => {
  const backup = `${scratch}/peers.backup`
  etcd.etcdctl('del', '--prefix', '/patchbay/neighbours/')
  etcd.snapshot(backup)
  await until('all is there again', () => keys('neighbours/200/').length === 3)
  await untilGone('what has ended is forgotten', () => fdb(one, 200).length === 2)
  const before = fdb(one, 200)
  await etcd.restore(backup)
  await until(
    'all is there again',
    () => keys('neighbours/200/').length === 3 && keys('vteps/200/').length === 2,
  )
  assert.equal(fdb(one, 200), before)
  assert.ok(pings(podOf('c'), ...podOf('g').addresses))
})

/** What a failure needs: the report of a file that fails has it. */
test.after(async () => {
  console.log(keys('').join('\n'))
  for (const host of hosts) console.log(host.name, await killAgent(host))
})

test.run()
