/** host-device: DEL brings the device home as it was, whatever the container, another process or a lost record did; else it fails. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { hostNics } from '../harness/cables.ts'
import { ip, ipJson } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { faultsOf, withFault } from '../harness/faults.ts'
import { type Netns, newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { exists, inContainer, link, sysctl } from '../harness/look.ts'
import { type Answer, type Call, call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

function requestFor(container: Netns, keys: Record<string, unknown> = {}): Call {
  const config = { type: 'host-device', name: 'net', cniVersion: '1.1.0', device: 'eth1', ...keys }
  return { verb: 'ADD', config, containerID: container.name, netns: container.path }
}

const del = (request: Call): Promise<Answer> => call({ ...request, verb: 'DEL' })

/** Lends eth1, lets `act` happen, and asserts that one DEL brings it home as it was. */
async function comesHome(act: (container: Netns, request: Call) => unknown, netns?: string): Promise<void> {
  hostNics()
  const before = snapshot()
  const container = newContainer()
  const request = requestFor(container)
  await added(request)
  await act(container, request)
  assert.equal(await del({ ...request, netns: netns ?? container.path }), done)
  unchanged(before)
}

const runs = (file: string, ...args: string[]) => spawn(file, args, { stdio: 'ignore' })

/** A program that waits after the first record is in its place. */
const slowly = [
  'strace',
  '-o',
  '/dev/null',
  '-e',
  'trace=renameat2',
  '-e',
  'inject=renameat2:delay_exit=1500000:when=1',
]

const lent = '/run/patchbay/lent'
const isRecord = (name: string) => name.endsWith('.json')

for (const engine of ['quickjs', 'node'] satisfies Engine[])
  test(`${engine}: DEL beside ADD of the same attachment waits for it, so that the device is not lost`, async () => {
    hostNics()
    const before = snapshot()
    const request = { ...requestFor(newContainer()), engine }
    const adding = call({ ...request, under: slowly })
    await until('the record is written', () => existsSync(lent) && readdirSync(lent).some(isRecord))
    const deleted = await del(request)
    await adding
    assert.equal(deleted, done)
    assert.equal(await del(request), done)
    unchanged(before)
  })

test('four DELs at once bring the device home, and all of them succeed', async () => {
  hostNics()
  const before = snapshot()
  const request = requestFor(newContainer())
  await added(request)
  const answers = await Promise.all([1, 2, 3, 4].map(() => del(request)))
  for (const answer of answers) assert.equal(answer, done)
  unchanged(before)
})

/** The state that is lost with the record. */
const lost = /^(link eth1 |address eth1 |route .*"dev":"eth1")/

test('without any record the device comes home by its mark, down', async () => {
  hostNics()
  const before = snapshot().filter((line) => !lost.test(line))
  const request = requestFor(newContainer())
  await added(request)
  rmSync('/run/patchbay', { recursive: true })
  assert.equal(await del(request), done)
  assert.not.ok(link('eth1').flags.includes('UP'))
  unchanged(before, () => snapshot().filter((line) => !lost.test(line)))
  ip('link delete eth1')
})

test('each call of DEL that fails once: DEL says so, or has brought the device home; the next DEL does', async () => {
  hostNics()
  const before = snapshot()
  const request = requestFor(newContainer())
  const deletion = { ...request, verb: 'DEL' } as const
  await added(request)
  const faults = (await faultsOf(deletion)).filter(({ syscall }) => ['openat', 'sendto'].includes(syscall))
  assert.ok(faults.length > 20)
  for (const fault of faults) {
    await added(request)
    const { status } = await withFault(deletion, fault, 'ENFILE')
    const words = `${fault.syscall} ${fault.nth}`
    if (status === 0) assert.ok(exists('eth1'), words)
    assert.equal(await del(request), done, words)
    assert.ok(exists('eth1'), words)
  }
  unchanged(before)
})

const disguises: Record<string, string[]> = {
  'another alias': ['link set eth0 alias x'],
  'another name and alias': ['link set eth0 down', 'link set eth0 name x', 'link set x alias y'],
  'its mark on a veth of the container': [
    'link set eth0 down',
    'link set eth0 name x',
    'link add eth0 type veth peer name y',
  ],
}

for (const [what, changes] of Object.entries(disguises))
  test(`a device comes home in spite of ${what}`, () =>
    comesHome((container) => {
      const { ifalias = '' } =
        ipJson<{ ifalias?: string }>(`-n ${container.name} link show dev eth0`)[0] ?? {}
      for (const words of changes) inContainer(container, words)
      if (exists('eth0', container)) inContainer(container, `link set eth0 alias ${ifalias}`)
    }))

test('a tap with the mark, name and MAC address of the device stays in the container', () =>
  comesHome((container) => {
    const { address } = link('eth0', container)
    const [{ ifalias = '' } = {}] = ipJson<{ ifalias?: string }>(`-n ${container.name} link show dev eth0`)
    for (const words of ['link set eth0 down', 'link set eth0 name x', 'tuntap add eth0 mode tap'])
      inContainer(container, words)
    inContainer(container, `link set eth0 address ${address} alias ${ifalias}`)
  }))

test('a tap of the container whose alias is the name of a NIC is not taken for a device of the reference', async () => {
  hostNics()
  const container = newContainer()
  inContainer(container, 'tuntap add eth0 mode tap')
  inContainer(container, 'link set eth0 alias nic0')
  assert.equal(await del(requestFor(container, { device: 'nic0' })), done)
  assert.equal([exists('eth0', container), exists('nic0')], [true, false])
})

test('without a record, a tap with a mark is not moved, and DEL says what is to be done', async () => {
  hostNics()
  const request = requestFor(newContainer())
  await added(request)
  const container = { name: request.containerID ?? '', path: request.netns ?? '' }
  const [{ ifalias = '' } = {}] = ipJson<{ ifalias?: string }>(`-n ${container.name} link show dev eth0`)
  assert.equal(await del(request), done)
  inContainer(container, 'tuntap add tap0 mode tap')
  inContainer(container, `link set tap0 alias ${ifalias}`)
  assert.equal(await del(request), done, 'the host has eth1')
  inContainer(container, `link set tap0 alias ${ifalias.replace('eth1', 'nic0')}`)
  const { json } = await del(request)
  assert.is(json?.code, 11)
  assert.match(String(json?.msg), 'tap0 is marked as nic0 of the host, but its record is lost')
  assert.not.ok(exists('nic0'))
})

test('a device comes home from another namespace, into which the container has moved it', async () => {
  const other = newContainer()
  await comesHome((container) => inContainer(container, `link set eth0 netns ${other.name}`))
})

test('a device that the container deleted is gone: DEL succeeds', async () => {
  hostNics()
  const request = requestFor(newContainer())
  await added(request)
  ip(`-n ${request.containerID} link delete eth0`)
  const { status, stderr } = await del(request)
  assert.is(status, 0)
  assert.match(stderr, 'eth1, which the host lent, was deleted or unplugged')
})

/** A process in a container's namespace; `netns` is its path. */
async function process(container: Netns): Promise<{ netns: string; end(): Promise<unknown> }> {
  const child = runs('nsenter', `--net=${container.path}`, 'sleep', 'infinity')
  await until('it is there', () => ip(`netns identify ${child.pid}`).trim() === container.name)
  const end = () => {
    child.kill('SIGKILL')
    return once(child, 'exit')
  }
  return { netns: `/proc/${child.pid}/ns/net`, end }
}

for (const told of [true, false])
  test(`the path of ADD is gone, but not the namespace: DEL ${told ? 'with another path' : 'without a path'} brings the device home`, async () => {
    hostNics()
    const before = snapshot()
    const container = newContainer()
    const { netns, end } = await process(container)
    const request = { ...requestFor(container), netns }
    await added(request)
    await end()
    assert.equal(await del({ ...request, netns: told ? container.path : '' }), done)
    unchanged(before)
  })

test('the container’s path is deleted, but a process keeps the namespace: DEL brings the device home', async () => {
  const ends: (() => Promise<unknown>)[] = []
  await comesHome(async (container) => {
    ends.push((await process(container)).end)
    removeContainer(container)
  })
  for (const end of ends) await end()
})

/** Lines of `ip`, without the seconds of lifetimes, and without what depends on the carrier or comes late: link-local IPv6. */
function lines(words: string): string[] {
  const text = ip(words).replaceAll(/\d+sec/g, 'some sec')
  return text.split('\n').filter((line) => !/fe80:|^multicast ff00/.test(line))
}

/** What ip shows of the NIC. */
function everything(): unknown[] {
  return [
    link('eth1').flags.filter((flag) => !['LOWER_UP', 'M-DOWN'].includes(flag)),
    lines('-d link show dev eth1').map((line) => line.replaceAll(/(qdisc|state) \S+|<.*?>/g, '')),
    ...['-4', '-6'].map((family) => lines(`${family} address show dev eth1`).slice(1)),
    ...['-4', '-6'].map((family) => lines(`${family} route show table all dev eth1`)),
    ...['ipv4/conf/eth1/rp_filter', 'ipv6/conf/eth1/accept_ra'].map((key) => sysctl(`net/${key}`)),
  ]
}

/** Addresses with all attributes, flags and settings of a NIC, and routes by way of it. */
function elaborate(): void {
  for (const words of [
    'link set eth1 arp off allmulticast on promisc on multicast off group 7 txqueuelen 77',
    'address add 10.5.0.1 peer 10.5.0.2 dev eth1',
    'address add 169.254.7.1/16 scope link dev eth1',
    'address add 10.6.0.1/24 label eth1:six metric 50 dev eth1',
    'address add 10.6.0.2/24 dev eth1',
    'address add 10.7.0.1/24 noprefixroute dev eth1',
    'address add 10.8.0.1/24 valid_lft 3600 preferred_lft 1800 dev eth1',
    'address add fd00:7::1 peer fd00:7::2 dev eth1 nodad',
    'address add fd00:8::1/64 noprefixroute dev eth1 nodad',
    'route add default via 10.6.0.254 dev eth1 metric 9 mtu 1400 proto static',
    'route add 10.20.0.0/16 via 10.9.9.9 dev eth1 onlink src 10.6.0.2',
    'route add 10.9.0.1 dev eth1 scope link table 100',
    'route add 10.21.0.0/16 via 10.9.0.1 dev eth1 onlink table 100',
    '-6 route add default via 2001:db8::ff dev eth1 metric 5',
    '-6 route add fd00:20::/48 via fd00:7::2 dev eth1',
  ])
    ip(words)
  setSysctl('net/ipv4/conf/eth1/rp_filter', 2)
  setSysctl('net/ipv6/conf/eth1/accept_ra', 0)
}

const ends: Record<string, (request: Call) => Promise<void>> = {
  'after DEL': async (request) => {
    await added(request)
    assert.equal(await del(request), done)
  },
  'after a refused ADD': async (request) => {
    const ipam = {
      type: 'static',
      addresses: [{ address: '10.1.1.1/24' }],
      routes: [{ dst: '10.2.0.0/16', gw: '224.0.0.9' }],
    }
    const { json } = await call({
      ...request,
      config: { ...(request.config as object), type: 'host-device', ipam },
    })
    assert.ok(json?.code, JSON.stringify(json))
  },
}

for (const [when, act] of Object.entries(ends))
  test(`${when} the device has its addresses, flags, settings and routes with all their attributes`, async () => {
    hostNics()
    elaborate()
    const before = [everything(), snapshot()] as const
    await act(requestFor(newContainer()))
    // The kernel makes IPv6's local routes a moment after the addresses.
    const text = () => JSON.stringify(everything())
    await until('all is as before', () => text() === JSON.stringify(before[0]))
    unchanged(before[1])
    ip('link delete eth1')
    ip('route flush table 100')
  })

test('a route with several next hops is complete again, and IPv6’s is never without the others', async () => {
  hostNics()
  ip('link set eth2 up')
  for (const [name, number] of [
    ['eth1', 1],
    ['eth2', 2],
  ]) {
    ip(`address add 10.3${number}.0.1/24 dev ${name}`)
    ip(`address add fd00:3${number}::1/64 dev ${name} nodad`)
  }
  ip('route add 10.40.0.0/16 nexthop via 10.31.0.9 dev eth1 weight 3 nexthop via 10.32.0.9 dev eth2')
  ip('-6 route add fd00:40::/48 nexthop via fd00:31::9 dev eth1 nexthop via fd00:32::9 dev eth2 weight 2')
  const shown = () => [ip('route show 10.40.0.0/16'), ip('-6 route show fd00:40::/48').split('\n').sort()]
  const [before, request] = [shown(), requestFor(newContainer())]
  await added(request)
  assert.equal(await del(request), done)
  assert.equal(shown(), before)
  for (const name of ['eth1', 'eth2']) ip(`link delete ${name}`)
})

test('settings that follow the host’s default follow it when the device comes back', async () => {
  hostNics()
  const request = requestFor(newContainer())
  await added(request)
  setSysctl('net/ipv4/ip_forward', 1)
  assert.equal(await del(request), done)
  assert.is(sysctl('net/ipv4/conf/eth1/forwarding'), '1')
  setSysctl('net/ipv4/ip_forward', 0)
})

test.run()
