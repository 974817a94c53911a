/** macvtap with deviceID, from a device plugin: a macvtap of the host, or the PCI address of a parent. */
// needs: link macvtap

import { mkdirSync, readFileSync, statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, inContainer, type Link, link } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
for (const nic of ['nic0', 'nic1']) {
  ip(`link add ${nic} type veth peer name ${nic}peer`)
  ip(`link set ${nic} up`)
}

type Keys = Record<string, unknown>

/** What macvtap-cni's device plugin does when a pod gets its resource. */
function allocate(name: string, mode = 'bridge'): Link {
  ip(`link add link nic0 name ${name} type macvtap mode ${mode}`)
  ip(`link set ${name} up`)
  return link(name)
}

const configOf = (keys: Keys) => ({ type: 'macvtap', name: 'net', cniVersion: '1.1.0', ...keys })

function requestOf(keys: Keys, engine: Engine, container = newContainer()) {
  return { config: configOf(keys), netns: container.path, containerID: container.name, engine, container }
}

type Attaching = ReturnType<typeof requestOf>

async function attached(request: Attaching) {
  const prevResult = await added(request)
  const check = () => call({ verb: 'CHECK', ...request, config: { ...request.config, prevResult } })
  assert.equal(await check(), done)
  return { prevResult, check, del: () => call({ verb: 'DEL', ...request }) }
}

for (const engine of ['quickjs', 'node'] as const) {
  test(`${engine}: the macvtap is moved into the container as it is, and DEL deletes it`, async () => {
    const before = snapshot()
    const { address } = allocate('netMvp0', 'vepa')
    const request = requestOf(
      { deviceID: 'netMvp0', pciBusID: 'netMvp0', ipam: fixed('10.1.0.2/24') },
      engine,
    )
    const { prevResult, del } = await attached(request)
    assert.not(exists('netMvp0'))
    const inside = link('eth0', request.container)
    assert.is(inside.address, address)
    assert.is(prevResult.interfaces[0]?.mac, address)
    assert.is(inside.linkinfo?.info_data?.mode, 'vepa')
    assert.ok(inside.flags.includes('UP'))
    assert.ok(statSync(`/dev/patchbay/${request.containerID}/eth0`).isCharacterDevice())
    for (const _ of 'twice') assert.equal(await del(), done)
    assert.not(exists('eth0', request.container))
    unchanged(before)
  })

  test(`${engine}: mac, mtu and promiscMode are set; CHECK notices when they are not`, async () => {
    allocate('netMvp0')
    const mac = '02:00:5e:00:00:07'
    const keys = { deviceID: 'netMvp0', mac, mtu: 1400, mode: 'bridge', promiscMode: true }
    const request = requestOf(keys, engine)
    const { check, del } = await attached(request)
    const { address, mtu, flags } = link('eth0', request.container)
    assert.equal([address, mtu, flags.includes('PROMISC')], [mac, 1400, true])
    inContainer(request.container, 'link set eth0 promisc off')
    const { json } = await check()
    assert.is(json?.msg, 'eth0 is not promiscuous')
    assert.match(String(json?.details), 'ip link set dev eth0 promisc on')
    inContainer(request.container, 'link set eth0 promisc on type macvtap mode private')
    assert.match(String((await check()).json?.msg), 'eth0 has mode private, not bridge')
    inContainer(request.container, 'link delete eth0')
    inContainer(request.container, `link add own type veth peer name other`)
    inContainer(
      request.container,
      `link add link own name eth0 address ${mac} mtu 1400 type macvtap mode bridge`,
    )
    assert.match(String((await check()).json?.msg), 'eth0')
    assert.equal(await del(), done)
  })

  test(`${engine}: the runtime’s deviceID counts, and the name that macvtap-cni gives to a long one`, async () => {
    // printf dataplane-of-the-storage-networkMvp0 | xxhsum -H64
    const { address } = allocate('mvtd7588830a108')
    const request = requestOf(
      { deviceID: 'x', runtimeConfig: { deviceID: 'dataplane-of-the-storage-networkMvp0' } },
      engine,
    )
    const { del } = await attached(request)
    assert.is(link('eth0', request.container).address, address)
    assert.equal(await del(), done)
  })

  test(`${engine}: an ADD that fails gives the macvtap back as it was`, async () => {
    allocate('netMvp0')
    const keys = { deviceID: 'netMvp0', mac: '02:00:5e:00:00:07', promiscMode: true }
    const tooSmall = { mtu: 1000, ipam: fixed('fd00::2/64') }
    const { code } = await refused(requestOf({ ...keys, ...tooSmall }, engine))
    assert.is(code, 7)
    const mac = link('nic0').address
    const { said } = await refused(requestOf({ ...keys, mac }, engine))
    assert.match(said, `MAC address ${mac} is already in use on nic0, by the parent itself`)
    const { del } = await attached(requestOf(keys, engine))
    assert.equal(await del(), done)
  })

  test(`${engine}: when the namespace is gone, so is the macvtap, and DEL removes its node`, async () => {
    const before = snapshot()
    allocate('netMvp0')
    const request = requestOf({ deviceID: 'netMvp0' }, engine)
    const { del } = await attached(request)
    removeContainer(request.container)
    await until('the kernel has deleted the macvtap', () => link('nic0').promiscuity === 0)
    assert.equal(await del(), done)
    unchanged(before)
  })

  test(`${engine}: what deviceID does not name is refused, and nothing changes`, async () => {
    allocate('netMvp0')
    for (const [keys, said] of [
      [
        { deviceID: 'netMvp1' },
        'deviceID: the host has no macvtap "netMvp1": let the device plugin allocate it',
      ],
      [{ deviceID: 'not a/name' }, 'deviceID: the host has no macvtap "not a/name"'],
      [{ deviceID: 'nic1' }, 'deviceID: nic1 is no macvtap (it is veth)'],
      [{ deviceID: '0000:3b:02.1' }, 'the host has no interface of 0000:3b:02.1: there is no such device'],
      [{ deviceID: 'netMvp0', mode: 'private' }, 'deviceID: netMvp0 has mode bridge, not private'],
      [{ deviceID: 'netMvp0', mtu: 9000 }, 'mtu: 9000 is more than the 1500 of the parent nic0'],
      [{ deviceID: 5 }, 'deviceID is 5, must be a string'],
    ] as const) {
      const answer = await refused(requestOf(keys, engine))
      assert.is(answer.code, 7)
      assert.match(answer.said, said)
    }
    ip('link delete netMvp0')
  })

  test(`${engine}: a PCI address names the parent, for CHECK and STATUS, too`, async () => {
    command('mount', '-t', 'tmpfs', 'none', '/sys/bus')
    mkdirSync('/sys/bus/pci/devices/0000:3b:02.1/net/nic1', { recursive: true })
    const deviceID = '0000:3B:02.1'
    const request = requestOf({ deviceID, pciBusID: deviceID }, engine)
    const { del } = await attached(request)
    assert.is(link('eth0', request.container).link_index, link('nic1').ifindex)
    assert.equal(await call({ verb: 'STATUS', config: request.config, engine }), done)
    assert.equal(await del(), done)
    assert.ok(exists('nic1'))
    command('umount', '/sys/bus')
  })

  test(`${engine}: master says more exactly which parent is meant: deviceID has no effect, with a warning`, async () => {
    allocate('netMvp0')
    const request = requestOf({ deviceID: 'netMvp0', master: 'nic1' }, engine)
    const { status, stderr } = await call({ verb: 'ADD', ...request })
    assert.is(status, 0)
    assert.match(stderr, 'deviceID netMvp0 has no effect: master says which parent is meant')
    assert.is(link('eth0', request.container).link_index, link('nic1').ifindex)
    assert.equal(await call({ verb: 'DEL', ...request }), done)
    assert.ok(exists('netMvp0'))
    ip('link delete netMvp0')
  })

  test(`${engine}: the kernel’s own node, which the device plugin gives to the pod, gets the owner, too`, async () => {
    const { ifindex } = allocate('netMvp0')
    const path = `/dev/tap${ifindex}`
    const numbers = () =>
      readFileSync(`/sys/class/net/netMvp0/macvtap/tap${ifindex}/dev`, 'utf8').trim().split(':')
    command('mknod', path, 'c', ...numbers())
    const keys = { deviceID: 'netMvp0', owner: 107, group: 108, nodeMode: '0660' }
    const request = requestOf(keys, engine)
    const { del } = await attached(request)
    const { rdev } = statSync(`/dev/patchbay/${request.containerID}/eth0`)
    const { uid, gid, mode, rdev: kernels } = statSync(path)
    // The numbers are the machine's: a macvtap of another test may have taken them during the move.
    if (rdev === kernels) assert.equal([uid, gid, mode & 0o777], [107, 108, 0o660])
    assert.equal(await del(), done)
    command('rm', path)
  })
}

test.run()
