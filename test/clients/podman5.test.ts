/** podman 5, whose network program netavark executes our drivers. */
// needs: nft ip
// roots: podman-5

import { once } from 'node:events'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { driverNames } from '../../netavark/drivers.ts'
import { CommandFailed, command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { far, farHost, near, usableAtOnce } from '../harness/host.ts'
import { addresses, exists, link } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'
import { isHealthy } from './harness/doctor.ts'
import { collectorOf } from './harness/gc.ts'
import { clientHost } from './harness/host.ts'
import {
  inside,
  installDrivers,
  killAll,
  loseContainer,
  openPodman,
  passesTwice,
  pluginDirectories,
  rebootPodman,
  traces,
} from './harness/podman.ts'
import { rootOf } from './harness/roots.ts'
import { sourcesSeen } from './harness/sources.ts'

await clientHost(rootOf('podman-5'))
const outside = farHost()
usableAtOnce()
ip('link add lan0 type veth peer name lan1')
for (const name of ['lan0', 'lan1']) ip(`link set ${name} up`)
const box = openPodman('podman-5', 'netavark', (client) => installDrivers(client, driverNames))
const { podman, start, refusal } = box
const { gc, collect } = collectorOf(box.client, '/opt/patchbay/patchbay')
const nics = ['lo', 'uplink', 'lan0', 'lan1']

let subnets = 70

/** A new network of both families. @returns the first numbers of its addresses */
function network(driver: string, name: string, ...options: string[]): { v4: string; v6: string } {
  const number = subnets++
  const [v4, v6] = [`10.${number}.0`, `fd00:${number}:`]
  const ranges = ['--subnet', `${v4}.0/24`, '--ipv6', '--subnet', `${v6}:/64`]
  podman('network', 'create', '--driver', driver, ...ranges, ...options, name)
  return { v4, v6 }
}

/** The first containers, ours and podman's own, make what all later ones share. */
function warm(): void {
  network('patchbay-bridge', 'warm')
  network('bridge', 'own', '--disable-dns')
  for (const [at, name] of ['warm', 'own'].entries())
    start(name, '--network', name, '--publish', `${at + 9}:9`)
  podman('rm', '--force', 'warm', 'own')
  podman('network', 'rm', 'warm', 'own')
}
warm()

/** What the user reads when `network create` fails; no network is left of it. */
function createRefusal(driver: string, ...options: string[]): string {
  const message = refusal('network', 'create', '--driver', driver, ...options, 'refused')
  assert.not.match(podman('network', 'ls', '--format', '{{.Name}}'), 'refused')
  return message
}

test('podman info lists our drivers beside podman’s own', () => {
  const listed = podman('info', '--format', '{{range .Plugins.Network}}{{.}} {{end}}').split(' ')
  assert.equal(listed.slice(0, 3), ['bridge', 'macvlan', 'ipvlan'])
  assert.equal(listed.slice(3).sort(), [...driverNames].sort())
})

test('a slip in an option, a wrong value and a parent that is absent are refused by network create with a sentence', () => {
  assert.match(createRefusal('ptp', '-o', 'mtuu=1400'), 'unknown key mtuu, did you mean mtu?')
  assert.match(createRefusal('patchbay-macvlan', '-o', 'mode=brigde'), 'mode')
  assert.match(createRefusal('patchbay-macvlan', '--interface-name', 'eno7'), 'eno7')
})

for (const driver of ['patchbay-bridge', 'ptp'])
  test(`${driver}: the addresses, MAC address and name that the user chooses; ports by TCP and UDP, also after stop and start; nothing is left`, async () => {
    const before = traces()
    const { v4, v6 } = network(driver, 'web')
    const chosen = `web:ip=${v4}.50,ip=${v6}:50,mac=02:00:5e:10:00:50,interface_name=front`
    start('web', '--network', chosen, '--publish', '8080:7000/tcp', '--publish', '8080:7000/udp')
    const expected = [far.ipv4, far.ipv4, far.ipv6, far.ipv6, near.ipv4]
    const check = async () => {
      await inside(box, 'web', (netns) => {
        assert.equal(addresses('front', netns), [`${v4}.50/24`, `${v6}:50/64`])
        assert.is(link('front', netns).address, '02:00:5e:10:00:50')
        assert.ok(pings(netns, `${v4}.1`, `${v6}:1`, far.ipv4, far.ipv6))
      })
      const sources = await sourcesSeen(box, outside, { name: 'web', port: 8080 }, [near.ipv4, near.ipv6])
      assert.equal(sources.slice(0, -1), expected)
      assert.is(sources.length, 6)
    }
    await passesTwice(box, 'web', check)
    unchanged(before, traces)
  })

test('the user reads no warning of the listening sockets by which podman keeps the ports, and portmap’s other warnings', async () => {
  const before = traces()
  network('patchbay-bridge', 'kept')
  const published = ['--publish', '8107:7000', '--publish', '8107:7000/udp', '--publish', '[::1]:8108:7000']
  const output = await box.startBeside('kept', '--network', 'kept', ...published)
  assert.match(command('ss', '-Hltnp', 'sport', '8107'), '"conmon"')
  assert.not.match(output, 'listens')
  assert.match(output, 'host port [::1]:8108/tcp is reached by no client')
  podman('rm', '--force', 'kept')
  podman('network', 'rm', 'kept')
  unchanged(before, traces)
})

test('a port on which a process of the host listens is refused by podman itself', async () => {
  const before = traces()
  network('patchbay-bridge', 'taken')
  const server = createServer().listen(8109)
  await once(server, 'listening')
  const message = refusal('run', '--rm', '--network', 'taken', '--publish', '8109:7000', image())
  server.close()
  assert.match(message, 'address already in use')
  podman('network', 'rm', 'taken')
  unchanged(before, traces)
})

/** The image of all containers. */
function image(): string {
  return podman('images', '--quiet')
}

test('a range of ports leads to the same range of the container', async () => {
  const before = traces()
  network('patchbay-bridge', 'range')
  start('range', '--network', 'range', '--publish', '8100-8103:6999-7002')
  const sources = await sourcesSeenBy('range', 8101)
  assert.is(sources, far.ipv4)
  podman('rm', '--force', 'range')
  podman('network', 'rm', 'range')
  unchanged(before, traces)
})

function sourcesSeenBy(name: string, port: number): Promise<string> {
  return inside(box, name, async (netns) => {
    const mirror = await mirrorIn(netns)
    const source = mirror.sourceOf(outside, near.ipv4, 'tcp', port)
    mirror.stop()
    return source
  })
}

test('macvlan and tap: what the options say is made, and goes with the container', async () => {
  const before = traces()
  podman(
    'network',
    'create',
    '-d',
    'patchbay-macvlan',
    '--interface-name',
    'lan0',
    '-o',
    'mode=private',
    '--subnet',
    '10.61.0.0/24',
    'lan',
  )
  podman('network', 'create', '-d', 'tap', '--ipam-driver', 'none', '-o', 'mtu=1400', 'vm')
  start('kinds', '--network', 'lan:interface_name=eth0', '--network', 'vm:interface_name=eth1')
  await inside(box, 'kinds', (netns) => {
    assert.is(link('eth0', netns).linkinfo?.info_data?.mode, 'private')
    assert.is(link('eth1', netns).mtu, 1400)
  })
  podman('rm', '--force', 'kinds')
  podman('network', 'rm', 'lan', 'vm')
  unchanged(before, traces)
})

test('a container in a network of podman’s own bridge and in one of ours reaches both; prune removes both', async () => {
  const before = traces()
  const one = network('bridge', 'theirs', '--disable-dns')
  const two = network('patchbay-bridge', 'ours')
  start(
    'both',
    '--network',
    'theirs:interface_name=eth0',
    '--network',
    'ours:interface_name=eth1',
    '--publish',
    '8104:7000',
  )
  await inside(box, 'both', (netns) => {
    assert.ok(pings(netns, `${one.v4}.1`, `${one.v6}:1`, `${two.v4}.1`, `${two.v6}:1`, far.ipv4))
    podman('network', 'disconnect', 'ours', 'both')
    assert.not.ok(exists('eth1', netns))
    podman('network', 'connect', 'ours', 'both')
    assert.ok(pings(netns, `${two.v4}.1`))
  })
  podman('rm', '--force', 'both')
  podman('network', 'prune', '--force')
  assert.is(podman('network', 'ls', '--format', '{{.Name}}'), 'podman')
  unchanged(before, traces)
})

test('a setup that fails leaves nothing, and the user reads why', () => {
  podman(
    'network',
    'create',
    '-d',
    'patchbay-macvlan',
    '--interface-name',
    'lan0',
    '--subnet',
    '10.62.0.0/24',
    'lan',
  )
  ip('link set lan0 down')
  ip('link set lan0 name gone0')
  const before = traces()
  const message = refusal('run', '--rm', '--network', 'lan', image())
  assert.match(message, 'lan0')
  unchanged(before, traces)
  ip('link set gone0 name lan0')
  ip('link set lan0 up')
  podman('network', 'rm', 'lan')
})

test('ten containers at once, each with a port, get addresses of their own, and leave nothing', async () => {
  const before = traces()
  network('patchbay-bridge', 'crowd')
  const names = Array.from({ length: 10 }, (_, number) => `crowd${number}`)
  const ports = (name: string) => ['--publish', `90${name.slice(-1)}0:7000`]
  await Promise.all(names.map((name) => box.startBeside(name, '--network', 'crowd', ...ports(name))))
  const given = podman('inspect', '--format', '{{.NetworkSettings.Networks.crowd.IPAddress}}', ...names)
  assert.is(new Set(given.split('\n')).size, names.length)
  await Promise.all(names.map((name) => box.beside('rm', '--force', name)))
  podman('network', 'rm', 'crowd')
  unchanged(before, traces)
})

test('conmon and its container killed: rm --force leaves nothing', async () => {
  const before = traces()
  network('ptp', 'crash')
  start('crash', '--network', 'crash', '--publish', '8105:7000')
  killAll('conmon', 'sleep')
  // podman 5.4 says once that conmon has ended prematurely.
  await until('podman removes the container', () => podmanSucceeds('rm', '--force', 'crash'))
  podman('network', 'rm', 'crash')
  unchanged(before, traces)
})

function podmanSucceeds(...words: string[]): boolean {
  try {
    podman(...words)
    return true
  } catch (error) {
    if (error instanceof CommandFailed) return false
    throw error
  }
}

/** Starts a container, and ends it and its namespace behind podman's back. @returns the path of the namespace */
function lose(name: string, ...options: string[]): string {
  start(name, '--network', name, ...options)
  return loseContainer(box, name)
}

test('conmon killed and the namespace’s file gone: netavark refuses before it calls a driver, the next container gets the port, and patchbay gc deletes the rest', async () => {
  const before = traces()
  network('ptp', 'lost')
  const calls = logCalls('ptp')
  const netns = lose('lost', '--publish', '8110:7000')
  const id = podman('inspect', '--format', '{{.Id}}', 'lost')
  assert.match(refusal('rm', '--force', 'lost'), `netavark: open container netns: open ${netns}`)
  await until('podman removes the container', () => podmanSucceeds('rm', '--force', 'lost'))
  assert.equal(calls.read(), [`setup ${netns}`])
  calls.end()
  start('next', '--network', 'lost', '--publish', '8110:7000')
  assert.equal(await collect(), [
    `lost/${id}/eth0: deleted, its namespace ${netns} is gone`,
    'attachments: 1 live, 1 deleted',
  ])
  assert.is(await sourcesSeenBy('next', 8110), far.ipv4)
  podman('rm', '--force', 'next')
  podman('network', 'rm', 'lost')
  unchanged(before, traces)
})

test('patchbay gc of a container that podman still knows: nothing is left of its port, and podman removes it', async () => {
  const before = traces()
  network('patchbay-bridge', 'lost')
  const netns = lose('lost', '--publish', '8110:7000', '--publish', '8110:7000/udp')
  assert.match(
    (await collect()).join(),
    `eth0: deleted, its namespace ${netns} is gone,attachments: 1 deleted`,
  )
  await until('podman removes the container', () => podmanSucceeds('rm', '--force', 'lost'))
  podman('network', 'rm', 'lost')
  unchanged(before, traces)
})

test('patchbay gc: a container that runs keeps its port, and one that was stopped has left nothing', async () => {
  const before = traces()
  network('patchbay-bridge', 'kept')
  start('runs', '--network', 'kept', '--publish', '8111:7000')
  start('stopped', '--network', 'kept', '--publish', '8112:7000')
  podman('stop', 'stopped')
  const running = traces()
  assert.equal(gc(), ['attachments: 1 live'])
  isHealthy(box.client, '/opt/patchbay/patchbay')
  unchanged(running, traces)
  assert.is(await sourcesSeenBy('runs', 8111), far.ipv4)
  podman('rm', '--force', 'runs', 'stopped')
  podman('network', 'rm', 'kept')
  unchanged(before, traces)
})

test('conmon killed and another namespace at the path of the one that is gone: netavark calls teardown, and nothing is left', async () => {
  const before = traces()
  network('ptp', 'lost')
  const calls = logCalls('ptp')
  const netns = lose('lost', '--publish', '8110:7000')
  box.client.run('ip', 'netns', 'add', basename(netns))
  await until('podman removes the container', () => podmanSucceeds('rm', '--force', 'lost'))
  assert.equal(calls.read(), [`setup ${netns}`, `teardown ${netns}`])
  calls.end()
  podman('network', 'rm', 'lost')
  unchanged(before, traces)
})

/** Puts a script in a driver's place that writes each call down. */
function logCalls(driver: string) {
  const path = join(box.client.path, pluginDirectories.netavark, driver)
  const log = '/run/test/calls'
  rmSync(path)
  const script = `#!/bin/sh\necho "$@" >>${log}\nexec -a ${driver} ${pluginDirectories.netavark}/../patchbay "$@"\n`
  writeFileSync(path, script, { mode: 0o755 })
  return {
    read: () => readFileSync(log, 'utf8').trim().split('\n'),
    end: () => {
      for (const file of [path, log]) rmSync(file)
      symlinkSync('../patchbay', path)
    },
  }
}

test('after a reboot the container starts with its port, and rm leaves nothing', async () => {
  const before = traces()
  network('patchbay-bridge', 'boot')
  start('boot', '--network', 'boot', '--publish', '8106:7000')
  start('other', '--network', 'boot')
  await rebootPodman(box.client, nics)
  podman('start', 'boot', 'other')
  assert.is(await sourcesSeenBy('boot', 8106), far.ipv4)
  podman('rm', '--force', 'boot', 'other')
  podman('network', 'rm', 'boot')
  warm() // netavark's own table
  unchanged(before, traces)
})

test.run()
