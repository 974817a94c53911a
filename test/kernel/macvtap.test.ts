/** macvtap: frames of a program pass through the device node to the far host and back; the node's owner; refusals. */
// needs: link macvtap

import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { pausedAt } from '../harness/faults.ts'
import { farHost, newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { inContainer, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call, type Result } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings, tunPeer } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

const far = farHost()
/** The address of the program behind the node (tun-peer.ts). */
const mac = '02:00:5e:00:00:09'
const config = { type: 'macvtap', name: 'net', cniVersion: '1.1.0', master: 'uplink' }

function pathOf(result: unknown): string {
  const { interfaces } = result as { interfaces: { socketPath?: string }[] }
  return interfaces.at(-1)?.socketPath ?? ''
}

for (const mode of ['bridge', 'private', 'vepa', 'passthru', 'source'])
  test(`mode ${mode}: a program that opens the node answers the far host`, async () => {
    const container = newContainer()
    const sourceMacs = mode === 'source' ? { sourceMacs: [link('eth0', far).address] } : {}
    const request = { config: { ...config, mode, mac, ...sourceMacs }, netns: container.path }
    const { json } = await call({ verb: 'ADD', ...request })
    assert.ok(json?.interfaces, JSON.stringify(json))
    const path = pathOf(json)
    assert.is(path, '/dev/patchbay/c1/eth0')
    const peer = await tunPeer(container, path, 'tap')
    assert.ok(pings(far, '198.51.100.77'))
    peer.kill('SIGKILL')
    assert.ok(isSilent(far, '198.51.100.77'))
    inContainer(far, 'neighbour flush dev eth0')
    assert.is((await call({ verb: 'DEL', ...request })).status, 0)
    assert.not.ok(existsSync('/dev/patchbay'))
  })

test('interfaces of equal index in two containers, of 20 at once: each node leads to its own', async () => {
  const net = cnitool.network('many', { type: 'macvtap', master: 'uplink' }, '1.1.0')
  const containers = Array.from({ length: 20 }, () => newContainer())
  const results = await Promise.all(containers.map((container) => cnitool.add(net, container)))
  const indexes = containers.map((container) => link('eth0', container).ifindex)
  assert.ok(new Set(indexes).size < indexes.length)
  const devices = results.map((result) => statSync(pathOf(result)).rdev)
  assert.is(new Set(devices).size, 20)
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  assert.is(results.filter((result) => existsSync(pathOf(result))).length, 0)
})

test('STATUS says when a network of macvlan on the same parent gives the same addresses', async () => {
  const ipam = { type: 'host-local', subnet: '198.51.100.0/24', rangeStart: '198.51.100.100' }
  const macvlan = { ...config, name: 'other', type: 'macvlan', ipam }
  const netns = newContainer().path
  assert.is((await call({ verb: 'ADD', config: macvlan, netns })).status, 0)
  const { status, stderr } = await call({ verb: 'STATUS', config: { ...config, ipam } })
  assert.is(status, 0)
  assert.match(stderr, 'of another network on the same segment')
  await call({ verb: 'DEL', config: macvlan, netns })
  assert.is((await call({ verb: 'STATUS', config: { ...config, ipam } })).status, 0)
})

test('190-macvtap.conflist: only the user of QEMU can open the node', async () => {
  lan('eth0', newContainer('lan'))
  const net = exampleNetwork('190-macvtap.conflist')
  const container = newContainer()
  const path = pathOf(await cnitool.add(net, container))
  const reads = (user: string) =>
    succeeds('setpriv', '--reuid', user, '--clear-groups', '--inh-caps=-all', 'sh', '-c', `: <> ${path}`)
  assert.ok(reads('107'))
  assert.not.ok(reads('108'))
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('an existing file at the node’s path is refused and stays; DEL does not remove another file in place of the node', async () => {
  const container = newContainer()
  const node = '/run/nodes/a'
  const request = { config: { ...config, node }, netns: container.path }
  mkdirSync('/run/nodes')
  writeFileSync(node, 'mine')
  const before = [...snapshot(), ...snapshotOf(container.name)]
  const { json } = await call({ verb: 'ADD', ...request })
  assert.equal([json?.code, json?.msg], [7, `node: ${node} is there already: a file of another program`])
  unchanged(before, () => [...snapshot(), ...snapshotOf(container.name)])
  rmSync(node)
  const { json: prevResult } = await call({ verb: 'ADD', ...request })
  const other = await call({ verb: 'ADD', ...request, containerID: 'c2', netns: newContainer().path })
  assert.match(String(other.json?.msg), 'the node of container c1')
  assert.ok(statSync(node).isCharacterDevice())
  rmSync(node)
  command('mknod', '-m', '600', node, 'c', '1', '3')
  const check = { ...request, config: { ...request.config, prevResult } }
  assert.match(
    String((await call({ verb: 'CHECK', ...check })).json?.msg),
    'leads to another device than eth0',
  )
  assert.is((await call({ verb: 'DEL', ...request })).status, 0)
  assert.ok(existsSync(node))
  rmSync(node)
})

test('GC removes only the nodes of stale attachments', async () => {
  const ids = ['stale', 'valid']
  for (const containerID of ids) {
    const { path: netns } = newContainer()
    assert.is((await call({ verb: 'ADD', config, containerID, netns })).status, 0)
  }
  const attachments = [{ containerID: 'valid', ifname: 'eth0' }]
  const gc = { ...config, 'cni.dev/valid-attachments': attachments }
  assert.is((await call({ verb: 'GC', config: gc })).status, 0)
  assert.equal(
    ids.map((id) => existsSync(`/dev/patchbay/${id}/eth0`)),
    [false, true],
  )
  await call({ verb: 'DEL', config, containerID: 'valid', netns: '' })
})

/** A node whose parent is deleted, and the node of the next container. */
async function orphanAndHeir() {
  const containers = [newContainer('far1'), newContainer(), newContainer()] as const
  const [far, one, other] = containers
  lan('nic1', far)
  const orphan = { config: { ...config, master: 'nic1' }, containerID: 'orphan', netns: one.path }
  const heir = { config, containerID: 'heir', netns: other.path }
  const lost = pathOf((await call({ verb: 'ADD', ...orphan })).json)
  const { rdev } = statSync(lost)
  ip('link delete nic1')
  // The numbers are the machine's: a macvtap of another test may have them meanwhile.
  await until('the node opens no device', () => !succeeds('sh', '-c', `: <> ${lost}`))
  const found = pathOf((await call({ verb: 'ADD', ...heir })).json)
  const end = async () => {
    for (const request of [orphan, heir]) assert.is((await call({ verb: 'DEL', ...request })).status, 0)
    containers.forEach(removeContainer)
  }
  return { lost, found, end, isReused: statSync(found).rdev === rdev }
}

test('after the parent was deleted the node opens no device, also when the kernel reuses its numbers', async () => {
  let nodes = await orphanAndHeir()
  for (let trials = 1; !nodes.isReused && trials < 50; trials++) {
    await nodes.end()
    nodes = await orphanAndHeir()
  }
  const { lost, found, end, isReused } = nodes
  assert.ok(isReused)
  assert.not.ok(existsSync(lost))
  await end()
  assert.not.ok(existsSync(found))
})

test('a result from 1.0.0 on has the path of the node; older ones have no field for it', async () => {
  for (const [cniVersion, path] of [
    ['0.4.0', ''],
    ['1.0.0', '/dev/patchbay/c1/eth0'],
    ['1.1.0', '/dev/patchbay/c1/eth0'],
  ] as const) {
    const { path: netns } = newContainer()
    const { json } = await call({ verb: 'ADD', config: { ...config, cniVersion }, netns })
    assert.is(pathOf(json as unknown as Result), path, cniVersion)
    assert.ok(existsSync('/dev/patchbay/c1/eth0'))
    await call({ verb: 'DEL', config: { ...config, cniVersion }, netns })
  }
})

for (const [keys, said] of [
  [{ node: 'tap0' }, 'node is "tap0"'],
  [{ node: '/run/../etc/tap' }, 'node is "/run/../etc/tap"'],
  [{ node: '/run/{pod}' }, 'node is "/run/{pod}"'],
  [{ node: '/run/' }, 'node is "/run/"'],
  [{ nodeMode: '0999' }, 'nodeMode is "0999"'],
  [{ nodeMode: '4755' }, 'nodeMode is "4755"'],
  [{ owner: 'root' }, 'owner is "root"'],
  [{ group: -1 }, 'group is -1'],
  [{ mode: 'source' }, 'sourceMacs is empty'],
  [{ master: 'lo' }, 'macvtap cannot sit on lo: it is no Ethernet device'],
] as const)
  test(`refused, and nothing is made: ${JSON.stringify(keys)}`, async () => {
    const container = newContainer()
    const before = [...snapshot(), ...snapshotOf(container.name)]
    const { json } = await call({ verb: 'ADD', config: { ...config, ...keys }, netns: container.path })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), said)
    unchanged(before, () => [...snapshot(), ...snapshotOf(container.name)])
  })

for (const syscall of ['fchownat', 'fchmodat', 'renameat2'] as const)
  test(`a symlink that the directory’s owner puts in the place of the new node, before ${syscall}, changes no other file`, async () => {
    const directory = `${scratch}/user-${syscall}`
    const secret = `${scratch}/secret-${syscall}`
    mkdirSync(directory)
    writeFileSync(secret, 'of root', { mode: 0o600 })
    const container = newContainer()
    const request = {
      verb: 'ADD',
      config: { ...config, node: `${directory}/tap`, owner: 65534, nodeMode: '0660' },
      netns: container.path,
    } as const
    // The record of the node is renamed before.
    const paused = await pausedAt(request, { syscall, nth: syscall === 'renameat2' ? 2 : 1 })
    assert.ok('resume' in paused, 'the call is made')
    rmSync(`${directory}/tap.tmp`)
    symlinkSync(secret, `${directory}/tap.tmp`)
    await paused.resume()
    const { uid, gid, mode } = statSync(secret)
    assert.equal([uid, gid, mode & 0o777], [0, 0, 0o600])
    assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
    assert.is(statSync(secret).size, 7)
    removeContainer(container)
  })

test.run()
