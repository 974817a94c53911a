/** host-device: a device named in any way moves into the container, carries traffic, and comes back unchanged. */
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { attachmentHash } from '../../shared/cni/identity.ts'
import { added, done } from '../harness/attach.ts'
import { hostNics, nics } from '../harness/cables.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { insisting } from '../harness/insisting.ts'
import { exists, inContainer, link } from '../harness/look.ts'
import { exampleNetwork, hostLocal } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

/** Runs a command line without a shell. */
function run(words: string): void {
  const [file = '', ...args] = words.split(' ')
  command(file, ...args)
}

/** One container and one network on the devices of the host. */
function requestFor(keys: Record<string, unknown>, container = newContainer()): Call {
  const config = { type: 'host-device', name: 'net', cniVersion: '1.1.0', ...keys }
  return { verb: 'ADD', config, containerID: container.name, netns: container.path }
}

async function refused(request: Call, code: number, ...words: string[]): Promise<void> {
  const { json } = await call(request)
  assert.is(json?.code, code, JSON.stringify(json))
  for (const text of words) assert.match(JSON.stringify(json), text)
}

test('200-host-device.conflist: the container is on the NIC’s network, and the host has the NIC afterwards', async () => {
  hostNics()
  ip('address add 192.168.200.1/24 dev switch0')
  const before = snapshot()
  const [net, container] = [exampleNetwork('200-host-device.conflist'), newContainer()]
  await cnitool.add(net, container)
  assert.ok(pings(container, '192.168.200.1'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  unchanged(before)
})

test('an interface that the container marked itself does not get onto the host, whatever DEL is called for', async () => {
  hostNics()
  const request = requestFor({ device: 'eth1' })
  const [container = request.netns] = [request.netns]
  const mark = `${attachmentHash({ network: 'net', containerID: request.containerID ?? '', ifname: 'eth0' })}/`
  run(`nsenter --net=${container} ip link add forged type veth peer name forged-peer`)
  run(`nsenter --net=${container} ip link set dev forged alias ${mark}cni0`)
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.not.ok(exists('cni0'))
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: a device with an alternative name that the container has is refused, and stays as it is`, async () => {
    hostNics()
    ip('link property add dev eth1 altname enp1s0')
    const container = newContainer()
    inContainer(container, 'link add enp1s0 type veth peer name other')
    const before = snapshot()
    const request = { ...requestFor({ device: 'eth1' }, container), engine }
    await refused(request, 7, 'eth1 cannot move into the container', 'altname enp1s0')
    unchanged(before)
    ip('link property del dev eth1 altname enp1s0')
  })

/** Directories like sysfs's for NICs on these buses, which the test's kernel does not have. */
function plugIn(...directories: string[]): void {
  for (const root of ['/sys/bus', '/sys/devices/platform']) run(`mount -t tmpfs none ${root}`)
  for (const directory of directories) run(`mkdir -p ${directory}`)
}

function plugOut(): void {
  for (const root of ['/sys/bus', '/sys/devices/platform']) run(`umount ${root}`)
}

const eth1Mac = () => link('eth1').address

const ways: Record<string, { keys: () => Record<string, unknown>; sysfs?: string }> = {
  'its name': { keys: () => ({ device: 'eth1' }) },
  'its MAC address': { keys: () => ({ hwaddr: eth1Mac().toUpperCase().replaceAll(':', '-') }) },
  'its place among the devices': {
    keys: () => ({ kernelpath: '/sys/devices/platform/soc/nic0' }),
    sysfs: '/sys/devices/platform/soc/nic0/net/eth1',
  },
  'its PCI address': {
    keys: () => ({ pciBusID: '0000:00:1F.6' }),
    sysfs: '/sys/bus/pci/devices/0000:00:1f.6/net/eth1',
  },
  'the PCI address of a virtio device': {
    keys: () => ({ pciBusID: '0000:00:03.0' }),
    sysfs: '/sys/bus/pci/devices/0000:00:03.0/virtio2/net/eth1',
  },
  'its auxiliary device, in pciBusID': {
    keys: () => ({ pciBusID: 'mlx5_core.sf.4' }),
    sysfs: '/sys/bus/auxiliary/devices/mlx5_core.sf.4/net/eth1',
  },
  'what Multus adds': {
    keys: () => ({ deviceID: '0000:3b:02.1', pciBusID: '0000:3b:02.1' }),
    sysfs: '/sys/bus/pci/devices/0000:3b:02.1/net/eth1',
  },
  'its name, whatever Multus adds': {
    keys: () => ({ device: 'eth1', deviceID: '0000:3b:02.1', pciBusID: '0000:3b:02.1' }),
  },
  'the device that the runtime has allotted': {
    keys: () => ({ runtimeConfig: { deviceID: '0000:3b:02.1' } }),
    sysfs: '/sys/bus/pci/devices/0000:3b:02.1/net/eth1',
  },
  'a subfunction that the runtime has allotted': {
    keys: () => ({ runtimeConfig: { deviceID: 'mlx5_core.sf.4' } }),
    sysfs: '/sys/bus/auxiliary/devices/mlx5_core.sf.4/net/eth1',
  },
}

for (const [way, { keys, sysfs }] of Object.entries(ways))
  test(`a device is found by ${way}`, async () => {
    hostNics()
    const before = snapshot()
    if (sysfs) plugIn(sysfs)
    const [mac, named] = [eth1Mac(), keys()]
    const container = newContainer()
    const request = requestFor(named, container)
    const { interfaces } = await added(request)
    assert.equal(
      interfaces.map(({ name, mac, mtu, sandbox }) => [name, mac, mtu, sandbox]),
      [['eth0', mac, 1450, container.path]],
    )
    assert.is(link('eth0', container).address, mac)
    if (sysfs) run(`rmdir ${sysfs}`)
    await refused(
      { ...requestFor(named), containerID: 'other' },
      7,
      `container ${container.name} has it, as eth0`,
    )
    assert.equal(await call({ ...request, verb: 'DEL' }), done)
    if (sysfs) plugOut()
    unchanged(before)
  })

test('a name has priority over a MAC address, as in the reference', async () => {
  hostNics()
  const request = requestFor({ device: 'eth2', hwaddr: eth1Mac() })
  await added(request)
  assert.equal([exists('eth1'), exists('eth2')], [true, false])
  await call({ ...request, verb: 'DEL' })
})

const changes: Record<string, (container: Netns) => void> = {
  'has another name': (container) => {
    for (const words of ['eth0 down', 'eth0 name other', 'other up'])
      inContainer(container, `link set ${words}`)
  },
  'has another MAC address and MTU, and a new address': (container) => {
    inContainer(container, 'link set eth0 address 02:00:5e:10:00:09 mtu 1300')
    inContainer(container, 'address add 203.0.113.1/24 dev eth0')
  },
  'is a port of a bridge of the container': (container) => {
    inContainer(container, 'link add bridge0 type bridge')
    inContainer(container, 'link set eth0 master bridge0')
  },
}

for (const [what, change] of Object.entries(changes))
  test(`a device that ${what} comes back unchanged`, async () => {
    hostNics()
    const before = snapshot()
    const container = newContainer()
    const request = requestFor({ device: 'eth1' }, container)
    await added(request)
    change(container)
    assert.equal(await call({ ...request, verb: 'DEL' }), done)
    assert.equal(await call({ ...request, verb: 'DEL' }), done)
    unchanged(before)
  })

test('a MAC address that the runtime requests is set until DEL', async () => {
  hostNics()
  const before = snapshot()
  const container = newContainer()
  const request = requestFor({ device: 'eth1', runtimeConfig: { mac: '02:00:5e:10:00:07' } }, container)
  await added(request)
  assert.is(link('eth0', container).address, '02:00:5e:10:00:07')
  await call({ ...request, verb: 'DEL' })
  unchanged(before)
})

test('DEL never deletes a device: while the host has another of its name, DEL fails and the device stays', async () => {
  hostNics()
  const before = snapshot()
  const container = newContainer()
  const request = requestFor({ device: 'eth1' }, container)
  await added(request)
  ip('link add eth1 type veth peer name intruder')
  const { status, json } = await call({ ...request, verb: 'DEL' })
  assert.equal([status, json?.code], [1, 11])
  assert.match(JSON.stringify(json), 'the host has another eth1 by now')
  assert.ok(exists('eth0', container))
  ip('link delete eth1')
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  unchanged(before)
})

test('DEL of a container without the device does not touch its other interfaces', async () => {
  hostNics()
  const container = newContainer()
  inContainer(container, 'link add eth0 type veth peer name eth0-peer')
  inContainer(container, 'link set eth0 alias another')
  const request = requestFor({ device: 'eth1' }, container)
  await refused(request, 4, 'the container has an interface eth0 already')
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.ok(exists('eth0', container))
  removeContainer(container)
})

test('of twenty parallel ADDs with the same device one succeeds, the others are refused, and nothing is lost', async () => {
  hostNics()
  const before = snapshot()
  const requests = Array.from({ length: 20 }, () =>
    requestFor({ device: 'eth1', ipam: hostLocal('10.9.0.0/24') }),
  )
  const answers = await Promise.all(requests.map((request) => insisting(() => call(request))))
  assert.is(answers.filter(({ status }) => status === 0).length, 1)
  for (const { status, json } of answers) if (status !== 0) assert.is(json?.code, 7, JSON.stringify(json))
  for (const request of requests) assert.equal(await call({ ...request, verb: 'DEL' }), done)
  unchanged(before)
})

test('GC returns the NICs of a stale attachment, and does not touch valid ones', async () => {
  hostNics()
  const before = snapshot()
  const container = newContainer()
  const request = requestFor({ device: 'eth1' }, container)
  await added(request)
  const collect = (...valid: object[]) =>
    call({
      ...request,
      verb: 'GC',
      config: { ...(request.config as object), type: 'host-device', 'cni.dev/valid-attachments': valid },
    })
  assert.equal(await collect({ containerID: container.name, ifname: 'eth0' }), done)
  assert.ok(exists('eth0', container))
  assert.equal(await collect(), done)
  unchanged(before)
})

test('a PCI device with a user-space driver is not moved: the result names it, with addresses for the program', async () => {
  hostNics()
  const before = snapshot()
  plugIn('/sys/bus/pci/devices/0000:65:00.0', '/sys/bus/pci/drivers/vfio-pci')
  run('ln -s ../../drivers/vfio-pci /sys/bus/pci/devices/0000:65:00.0/driver')
  const container = newContainer()
  const keys = { ipam: hostLocal('10.145.1.0/24'), runtimeConfig: { deviceID: '0000:65:00.0' } }
  const request = requestFor(keys, container)
  const result = await added(request)
  assert.equal(result.interfaces, [{ name: 'eth0', sandbox: container.path, pciID: '0000:65:00.0' }])
  assert.equal(
    result.ips.map(({ address, interface: index }) => [address, index]),
    [['10.145.1.2/24', 0]],
  )
  assert.not.ok(exists('eth0', container))
  const config = { ...(request.config as object), type: 'host-device', prevResult: result }
  assert.equal(await call({ ...request, verb: 'CHECK', config }), done)
  const other = { ...config, runtimeConfig: { deviceID: '0000:66:00.0' } }
  await refused({ ...request, verb: 'CHECK', config: other }, 999, 'eth0')
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  plugOut()
  unchanged(before)
})

test('DEL also returns a device that the reference moved', async () => {
  hostNics()
  const container = newContainer()
  const request = requestFor({ device: 'eth1', cniVersion: '1.0.0' }, container)
  const theirs = await call({ ...request, under: ['sh', '-c', 'exec /usr/lib/cni/host-device'] })
  assert.is(theirs.status, 0, JSON.stringify(theirs.json))
  assert.ok(exists('eth0', container))
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.ok(exists('eth1'))
  assert.not.match(ip('link show dev eth1'), 'alias')
  for (const name of nics) ip(`link delete ${name}`)
})

const bad: [string, Record<string, unknown>, ...string[]][] = [
  ['no device', {}, 'specify either', 'deviceID'],
  ['a device that there is not', { device: 'eth9' }, 'device eth9: the host has no such device'],
  ['no interface name', { device: '../eth1' }, 'device', 'interface name'],
  ['a path elsewhere', { kernelpath: '/sys/class/net/eth1' }, 'kernelpath', 'a path below /sys/devices/'],
  ['a path that leaves', { kernelpath: '/sys/devices/../class' }, 'kernelpath', 'without'],
  ['no device ID', { deviceID: '0:1f' }, 'a PCI address such as 0000:00:1f.6'],
  ['no PCI address', { pciBusID: '../../0000:00:1f.6' }, 'pciBusID', 'a PCI address such as 0000:00:1f.6'],
  ['a device ID that is a path', { runtimeConfig: { deviceID: '../pci/x' } }, 'deviceID ../pci/x'],
  ['no MAC address', { hwaddr: 'eth1' }, 'hwaddr', 'a unicast MAC address'],
  ['the loopback interface', { device: 'lo' }, 'lo cannot leave the host', 'EINVAL'],
]

for (const [what, keys, ...words] of bad)
  test(`${what} is refused, and nothing changes`, async () => {
    hostNics()
    const before = snapshot()
    await refused(requestFor(keys), 7, ...words)
    unchanged(before)
  })

test('a port of a bridge is refused: the move would remove it from the bridge', async () => {
  hostNics()
  ip('link set eth2 master switch0')
  await refused(
    requestFor({ device: 'eth2' }),
    7,
    'eth2 belongs to switch0 already',
    'ip link set dev eth2 nomaster',
  )
  ip('link set eth2 nomaster')
})

test('STATUS fails for a missing device, but not for one that a container has', async () => {
  hostNics()
  const status = (keys: Record<string, unknown>) => call({ ...requestFor(keys), verb: 'STATUS' })
  assert.equal(await status({ device: 'eth1' }), done)
  assert.equal(await status({}), done)
  assert.is((await status({ device: 'eth9' })).json?.code, 50)
  const request = requestFor({ device: 'eth1' })
  await added(request)
  assert.equal(await status({ device: 'eth1' }), done)
  await call({ ...request, verb: 'DEL' })
})

test('CHECK says that the device has left the container', async () => {
  hostNics()
  const container = newContainer()
  const net = cnitool.network('check', { type: 'host-device', device: 'eth1' }, '1.0.0')
  await cnitool.add(net, container)
  for (const words of ['down', 'name other']) inContainer(container, `link set eth0 ${words}`)
  assert.match(await refusal(cnitool.check(net, container)), 'the container has no interface eth0 any more')
  await cnitool.del(net, container)
  assert.ok(exists('eth1'))
})

test.run()
