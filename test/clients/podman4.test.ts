/** podman 4, which executes CNI plugins: our plugins are the only ones. */
// needs: nft ip
// roots: podman-4

import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { far, farHost, near, usableAtOnce } from '../harness/host.ts'
import { addresses, exists, link } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { isHealthy } from './harness/doctor.ts'
import { collectorOf } from './harness/gc.ts'
import { clientHost } from './harness/host.ts'
import {
  inside,
  installPlugins,
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

await clientHost(rootOf('podman-4'))
const outside = farHost()
usableAtOnce()
const box = openPodman('podman-4', 'cni', installPlugins)
const { podman, start, refusal } = box
const { gc, collect } = collectorOf(box.client, `${pluginDirectories.cni}/patchbay`)
const lists = join(box.client.path, 'etc/cni/net.d')

let subnets = 70

/** A new network of IPv4. @returns the first three numbers of its addresses */
function network(name: string): string {
  const prefix = `10.${subnets++}.0`
  podman('network', 'create', '--subnet', `${prefix}.0/24`, name)
  return prefix
}

/** The first container with a port makes what all later ones share. */
function warm(): void {
  network('warm')
  start('warm', '--network', 'warm', '--publish', '9:9')
  podman('rm', '--force', 'warm')
  podman('network', 'rm', 'warm')
}
warm()

test('no plugin but ours is on the machine', () => {
  assert.not.ok(existsSync(join(box.client.path, 'usr/lib/cni')))
  assert.is(podman('info', '--format', '{{.Host.NetworkBackend}}'), 'cni')
})

test('a published port is reached from the host, by 127.0.0.1 and from elsewhere, also after network reload, stop, start and restart', async () => {
  const before = traces()
  const prefix = network('web')
  start('web', '--network', 'web', '--publish', '8080:7000', '--publish', '8080:7000/udp')
  const expected = [far.ipv4, far.ipv4, near.ipv4, `${prefix}.1`]
  const sources = () => sourcesSeen(box, outside, { name: 'web', port: 8080 })
  assert.equal(await sources(), expected)
  const identity = () =>
    inside(box, 'web', (netns) => [link('eth0', netns).address, ...addresses('eth0', netns)])
  const first = await identity()
  podman('network', 'reload', 'web')
  assert.equal(await identity(), first)
  assert.equal(await sources(), expected)
  podman('stop', 'web')
  podman('start', 'web')
  podman('restart', 'web')
  assert.equal(await sources(), expected)
  podman('rm', '--force', 'web')
  podman('network', 'rm', 'web')
  unchanged(before, traces)
})

test('a container has the address and the MAC address that the user chooses, and an interface in each of two networks; prune removes both', async () => {
  const before = traces()
  const [one, two] = [network('one'), network('two')]
  // podman 4 takes the networks in any order.
  const chosen = `one:ip=${one}.50,mac=02:00:5e:10:00:50,interface_name=eth0`
  start('both', '--network', chosen, '--network', `two:ip=${two}.51,interface_name=eth1`)
  await inside(box, 'both', (netns) => {
    assert.equal(addresses('eth0', netns), [`${one}.50/24`])
    assert.equal(addresses('eth1', netns), [`${two}.51/24`])
    assert.is(link('eth0', netns).address, '02:00:5e:10:00:50')
    assert.ok(pings(netns, `${one}.1`, `${two}.1`, far.ipv4))
    podman('network', 'disconnect', 'two', 'both')
    assert.not.ok(exists('eth1', netns))
    podman('network', 'connect', 'two', 'both')
    assert.ok(pings(netns, `${two}.1`))
  })
  podman('rm', '--force', 'both')
  podman('network', 'prune', '--force')
  assert.is(podman('network', 'ls', '--format', '{{.Name}}'), 'podman')
  unchanged(before, traces)
})

test('--ip and --mac-address give the container its address and its MAC address, also after stop and start', async () => {
  const before = traces()
  const prefix = network('flags')
  start('flags', '--network', 'flags', '--ip', `${prefix}.77`, '--mac-address', '02:00:5e:10:00:77')
  const check = () =>
    inside(box, 'flags', (netns) => {
      assert.equal(addresses('eth0', netns), [`${prefix}.77/24`])
      assert.is(link('eth0', netns).address, '02:00:5e:10:00:77')
      assert.ok(pings(netns, `${prefix}.1`))
    })
  await passesTwice(box, 'flags', check)
  unchanged(before, traces)
})

test('a container whose address another one has is refused with a sentence, and leaves nothing', () => {
  const prefix = network('taken')
  start('first', '--network', 'taken', '--ip', `${prefix}.9`)
  const before = traces()
  const message = refusal('run', '--rm', '--network', 'taken', '--ip', `${prefix}.9`, image())
  assert.match(message, `${prefix}.9`)
  unchanged(before, traces)
  podman('rm', '--force', '--all')
  podman('network', 'rm', 'taken')
})

/** The image of all containers. */
function image(): string {
  return podman('images', '--quiet')
}

test('our list 25-podman.conflist takes the place of podman’s own: containers of no named network reach the world', async () => {
  rmSync(lists, { recursive: true, force: true })
  cpSync(
    join(import.meta.dirname, '../../conf-examples/25-podman.conflist'),
    join(lists, '25-podman.conflist'),
  )
  start('plain')
  await inside(box, 'plain', (netns) => {
    assert.match(addresses('eth0', netns).join(), /^10\.125\.0\.\d+\/16$/)
    assert.ok(pings(netns, far.ipv4))
  })
  podman('rm', '--force', 'plain')
  ip('link delete cni-podman0') // podman leaves the bridge of its default network
})

test('ten containers at once, each with a port, get addresses of their own, and leave nothing', async () => {
  const before = traces()
  network('crowd')
  const names = Array.from({ length: 10 }, (_, number) => `crowd${number}`)
  const ports = (name: string) => ['--publish', `90${name.slice(-1)}0:7000`]
  await Promise.all(names.map((name) => box.startBeside(name, '--network', 'crowd', ...ports(name))))
  const given = podman('inspect', '--format', '{{.NetworkSettings.Networks.crowd.IPAddress}}', ...names)
  assert.is(new Set(given.split('\n')).size, names.length)
  await Promise.all(names.map((name) => box.beside('rm', '--force', name)))
  podman('network', 'rm', 'crowd')
  unchanged(before, traces)
})

test('conmon and its container killed: rm --force leaves nothing', () => {
  const before = traces()
  network('crash')
  start('crash', '--network', 'crash', '--publish', '8081:7000')
  killAll('conmon', 'sleep')
  podman('rm', '--force', 'crash')
  podman('network', 'rm', 'crash')
  unchanged(before, traces)
})

test('conmon, its container and the namespace gone: patchbay gc deletes what is left, one that runs keeps its port, and podman removes both', async () => {
  const before = traces()
  network('lost')
  start('runs', '--network', 'lost', '--publish', '8083:7000', '--publish', '8083:7000/udp')
  const running = traces()
  start('lost', '--network', 'lost', '--publish', '8084:7000')
  assert.equal(gc(), ['attachments: 2 live'])
  isHealthy(box.client, `${pluginDirectories.cni}/patchbay`)
  const id = podman('inspect', '--format', '{{.Id}}', 'lost')
  const netns = loseContainer(box, 'lost')
  assert.equal(await collect(), [
    `lost/${id}/eth0: deleted, its namespace ${netns} is gone`,
    'attachments: 1 live, 1 deleted',
  ])
  unchanged(running, traces)
  const seen = await sourcesSeen(box, outside, { name: 'runs', port: 8083 })
  assert.equal(seen.slice(0, 3), [far.ipv4, far.ipv4, near.ipv4])
  podman('rm', '--force', 'lost', 'runs')
  podman('network', 'rm', 'lost')
  unchanged(before, traces)
})

test('after a loss of power the container starts with its port, though its address is still recorded, and rm leaves nothing', async () => {
  const before = traces()
  const prefix = network('boot')
  start('boot', '--network', 'boot', '--publish', '8082:7000', '--publish', '8082:7000/udp')
  start('other', '--network', 'boot')
  await rebootPodman(box.client, ['lo', 'uplink'])
  podman('start', 'boot', 'other')
  const sources = await sourcesSeen(box, outside, { name: 'boot', port: 8082 })
  assert.equal(sources, [far.ipv4, far.ipv4, near.ipv4, `${prefix}.1`])
  podman('rm', '--force', 'boot', 'other')
  podman('network', 'rm', 'boot')
  unchanged(before, traces)
})

test.run()
