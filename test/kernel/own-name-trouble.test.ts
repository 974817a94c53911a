/** The key `ifname` when something goes wrong: a second ADD, a container that ended without DEL, a key that has left the configuration. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { shimsOf } from '../harness/host-access.ts'
import { exists, inContainer } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
for (const nic of ['nic0', 'nic1']) ip(`link add ${nic} type veth peer name ${nic}-peer`)

const engines: Engine[] = ['quickjs', 'node']
const list = { name: 'list', cniVersion: '1.1.0' }
const macvlan = { type: 'macvlan', master: 'uplink', ...list, ipam: hostLocal('10.9.0.0/24') }
const named = { ...macvlan, ifname: 'net1' }
const validAttachments = (...valid: Record<string, string>[]) => ({ 'cni.dev/valid-attachments': valid })

for (const engine of engines) {
  test(`a second ADD that is refused names the key, and GC keeps the living container’s address (${engine})`, async () => {
    const container = newContainer()
    const request = { engine, netns: container.path, containerID: 'twice', config: named }
    await added(request)
    const { code, said } = await refused(request, container)
    assert.is(code, 4)
    assert.match(said, 'ifname: the container has an interface net1 already')
    const before = snapshot()
    const config = { ...named, ...validAttachments({ containerID: 'twice', ifname: 'eth0' }) }
    assert.equal(await call({ verb: 'GC', engine, config }), done)
    unchanged(before)
    assert.equal(await call({ verb: 'DEL', ...request }), done)
  })

  test(`GC forgets the names of containers that are gone, and of no other network (${engine})`, async () => {
    const [gone, stays] = [newContainer(), newContainer()]
    const other = { ...named, name: 'other', ipam: hostLocal('10.10.0.0/24') }
    const staying = { engine, netns: stays.path, containerID: 'stays', config: other }
    await added(staying)
    const before = snapshot()
    await added({ engine, netns: gone.path, containerID: 'gone', config: named })
    removeContainer(gone)
    assert.is((await call({ verb: 'GC', engine, config: { ...named, ...validAttachments() } })).status, 0)
    unchanged(before)
    assert.equal(await call({ verb: 'DEL', ...staying }), done)
  })

  test(`GC forgets a name that another attachment of the container has by now, whose interface the first one’s DEL keeps (${engine})`, async () => {
    const { ipam: _, ...unnamed } = macvlan
    const config = { ...unnamed, ifname: 'net1' }
    const container = newContainer()
    const request = { engine, netns: container.path, containerID: 'again' }
    const [first, second] = [
      { ...request, ifname: 'eth0' },
      { ...request, ifname: 'eth1' },
    ]
    await added({ ...first, config })
    inContainer(container, 'link delete net1')
    await added({ ...second, config })
    const valid = validAttachments({ containerID: 'again', ifname: 'eth1' })
    assert.equal(await call({ verb: 'GC', engine, config: { ...config, ...valid } }), done)
    assert.equal(await call({ verb: 'DEL', ...first, config: unnamed }), done)
    assert.ok(exists('net1', container))
    assert.equal(await call({ verb: 'DEL', ...second, config }), done)
  })

  for (const [change, later] of Object.entries({ left: macvlan, changed: { ...macvlan, ifname: 'net2' } }))
    test(`DEL finds the interface after the key has ${change} (${engine})`, async () => {
      const container = newContainer()
      const request = { engine, netns: container.path, containerID: 'renamed' }
      const before = snapshot()
      await added({ ...request, config: named })
      assert.equal(await call({ verb: 'DEL', ...request, config: later }), done)
      assert.not.ok(exists('net1', container))
      unchanged(before)
    })

  test(`DEL of a list whose keys have left removes one interface for each plugin, the newest first (${engine})`, async () => {
    const container = newContainer()
    const request = { engine, netns: container.path, containerID: 'list' }
    const plugins: Configuration[] = [
      { type: 'bridge', ...list, ipam: hostLocal('10.11.0.0/24') },
      { type: 'host-device', ...list, device: 'nic0', ifname: 'net0' },
      { type: 'host-device', ...list, device: 'nic1', ifname: 'net1' },
    ]
    const names = ['eth0', 'net0', 'net1']
    let prevResult: Result | undefined
    for (const plugin of plugins) prevResult = await added({ ...request, config: { ...plugin, prevResult } })
    for (const { ifname, ...config } of plugins.toReversed()) {
      assert.equal(await call({ verb: 'DEL', ...request, config }), done)
      names.pop()
      assert.equal(
        ['eth0', 'net0', 'net1'].filter((name) => exists(name, container)),
        names,
      )
    }
  })

  test(`DEL in another namespace keeps the shared links of a container of the same ID (${engine})`, async () => {
    const [container, other] = [newContainer(), newContainer()]
    const config = { ...macvlan, hostAccess: true }
    const request = { engine, netns: container.path, containerID: 'same', config }
    await added(request)
    const shims = shimsOf('macvlan')
    assert.is(shims.length, 1)
    const elsewhere = { ...request, netns: other.path, config: { ...config, name: 'elsewhere' } }
    assert.equal(await call({ verb: 'DEL', ...elsewhere }), done)
    assert.equal(shimsOf('macvlan'), shims)
    assert.equal(await call({ verb: 'DEL', ...request }), done)
    assert.equal(shimsOf('macvlan'), [])
  })
}

test.run()
