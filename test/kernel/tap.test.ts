/** tap: a program exchanges frames and packets with the container, and through its bridge with the host; refusals. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, inContainer, link } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, hostLocal, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings, tunPeer } from '../harness/traffic.ts'

await privateHost()

test('140-tap.conflist: the program receives the container’s frames, and the container the program’s', async () => {
  const net = exampleNetwork('140-tap.conflist')
  const container = newContainer()
  await cnitool.add(net, container)
  assert.equal(addresses('eth0', container), ['10.140.0.2/24'])
  assert.ok(isSilent(container, '10.140.0.9'))
  const peer = await tunPeer(container, 'eth0', 'tap')
  assert.ok(pings(container, '10.140.0.9'))
  peer.kill('SIGKILL')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('141-tun.conflist: packets of both families pass without Ethernet headers', async () => {
  const net = exampleNetwork('141-tun.conflist')
  const container = newContainer()
  await cnitool.add(net, container)
  const peer = await tunPeer(container, 'eth0', 'tun')
  for (const address of ['10.141.0.9', 'fd00:10:141::9']) assert.ok(pings(container, address), address)
  peer.kill('SIGKILL')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('with a bridge in the container, the host reaches the program', async () => {
  const wire = bridgeNetwork({ isGateway: true, ipam: hostLocal('10.142.0.0/24') })
  const container = newContainer()
  await cnitool.add({ ...wire, plugins: [{ ...single(wire), type: 'bridge', ipam: undefined }] }, container)
  for (const words of ['add br0 type bridge', 'set eth0 master br0', 'set eth0 up', 'set br0 up'])
    inContainer(container, `link ${words}`)
  const net = cnitool.network('taps', { type: 'tap', bridge: 'br0', multiQueue: true })
  await cnitool.add(net, container, { ifname: 'tap0' })
  const { bridge } = single(wire) as { bridge?: string }
  ip(`address add 10.142.0.1/24 dev ${bridge}`)
  const peers = [
    await tunPeer(container, 'tap0', 'tap', 'multi_queue'),
    await tunPeer(container, 'tap0', 'tap', 'multi_queue'),
  ]
  assert.ok(pings(undefined, '10.142.0.9'))
  for (const peer of peers) peer.kill('SIGKILL')
  await cnitool.check(net, container, { ifname: 'tap0' })
  await cnitool.del(net, container, { ifname: 'tap0' })
})

test('the owner may open the tap, other users may not', async () => {
  const net = cnitool.network('owned', { type: 'tap', owner: 65534 })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.ok(await opensAs('65534', container.name))
  assert.not.ok(await opensAs('65533', container.name))
  await cnitool.del(net, container)
})

test('with owner and group, a user needs both', async () => {
  const net = cnitool.network('both', { type: 'tap', owner: 65534, group: 65533 })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.not.ok(await opensAs('65534', container.name), 'the owner, without the group')
  await cnitool.del(net, container)
})

test('without owner and group, no user without privileges may open the tap', async () => {
  const net = cnitool.network('rootly', { type: 'tap' })
  const container = newContainer()
  await cnitool.add(net, container)
  assert.not.ok(await opensAs('65534', container.name))
  await cnitool.check(net, container)
  inContainer(container, 'tuntap del mode tap name eth0')
  inContainer(container, 'tuntap add mode tap name eth0 vnet_hdr')
  assert.ok(await opensAs('65534', container.name), 'one without an owner, as the kernel has it')
  await cnitool.del(net, container)
})

/** Whether a user without privileges can open the tap when every user may open the control file: then the program says that it listens. */
async function opensAs(user: string, netns: string): Promise<boolean> {
  const program = new URL('../harness/tun-peer.ts', import.meta.url).pathname
  const node = 'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200'
  const script = `${node} && TUN_PEER_USER=${user} exec "$@"`
  // `ip netns exec` has its own mounts.
  const inside = ['netns', 'exec', netns, 'sh', '-c', script, 'sh']
  const words = [...inside, process.execPath, program, 'eth0', 'tap']
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  const [said] = await Promise.race([once(child.stdout, 'data'), closed])
  child.kill('SIGKILL')
  await closed
  return String(said) === 'listening\n'
}

const config = { type: 'tap', name: 'net', cniVersion: '1.1.0' }

test('the MAC address is the requested one, or the same for every ADD; the runtime’s has priority over the configuration’s', async () => {
  const macs: string[] = []
  for (const [keys, args] of [
    [{}, ''],
    [{}, ''],
    [{ mac: '02:00:5e:10:00:08' }, ''],
    [{ mac: '02:00:5e:10:00:08' }, 'MAC=02:00:5e:10:00:07'],
  ] as const) {
    const container = newContainer()
    const request = { config: { ...config, ...keys }, containerID: 'same', netns: container.path, args }
    assert.is((await call({ verb: 'ADD', ...request })).status, 0)
    macs.push(link('eth0', container).address)
  }
  assert.is(macs[0], macs[1])
  assert.equal(macs.slice(2), ['02:00:5e:10:00:08', '02:00:5e:10:00:07'])
})

for (const [keys, code, said] of [
  [{ mode: 'veth' }, 7, 'mode'],
  [{ owner: 'root' }, 7, 'owner'],
  [{ owner: 0xffffffff }, 7, 'owner'],
  [{ mtu: 60 }, 7, 'mtu: must be 0 or from 68'],
  [{ mode: 'tun', bridge: 'br0' }, 7, 'bridge is set but mode is "tun"'],
  [{ mode: 'tun', mac: '02:00:5e:10:00:08' }, 7, 'mac is set but mode is "tun"'],
  [{ mode: 'tun', args: { cni: { mac: '02:00:5e:10:00:08' } } }, 7, 'a tun has none'],
  [{ bridge: 'nosuch' }, 7, 'the container has no bridge nosuch'],
  [{ selinuxContext: '$(reboot)' }, 7, 'selinuxContext'],
] as const)
  test(`refused with code ${code}, and nothing is made: ${JSON.stringify(keys)}`, async () => {
    const container = newContainer()
    const before = snapshotOf(container.name)
    const { json } = await call({ verb: 'ADD', config: { ...config, ...keys }, netns: container.path })
    assert.is(json?.code, code)
    assert.match(String(json?.msg), said)
    unchanged(before, () => snapshotOf(container.name))
  })

test('on a kernel without SELinux, a context is refused, and nothing is left', async () => {
  const container = newContainer()
  const before = snapshotOf(container.name)
  const selinuxContext = 'system_u:system_r:container_t:s0:c1,c2'
  command('mount', '--bind', '/dev/null', '/proc/filesystems')
  const { json } = await call({
    verb: 'ADD',
    config: { ...config, selinuxContext },
    netns: container.path,
  })
  command('umount', '/proc/filesystems')
  assert.is(json?.code, 999)
  assert.match(String(json?.msg), `selinuxContext ${selinuxContext}: the host has no SELinux`)
  unchanged(before, () => snapshotOf(container.name))
})

test('without /dev/net/tun, STATUS and ADD say how to get it', async () => {
  const before = snapshot()
  assert.is((await call({ verb: 'STATUS', config })).status, 0)
  unchanged(before)
  command('mount', '-t', 'tmpfs', 'tmpfs', '/dev/net')
  for (const verb of ['STATUS', 'ADD'] as const) {
    const { json } = await call({ verb, config, netns: newContainer().path })
    assert.is(json?.code, 50)
    assert.match(String(json?.details), 'modprobe tun')
  }
  command('umount', '/dev/net')
})

test.run()
