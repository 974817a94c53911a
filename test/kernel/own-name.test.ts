/** Several plugins of a list give one container an interface each: all are in the result, and CHECK, DEL and GC find them. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, link } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
for (const nic of ['nic0', 'nic1']) {
  ip(`link add ${nic} type veth peer name ${nic}-peer`)
  ip(`link set ${nic} up`)
}

const engines: Engine[] = ['quickjs', 'node']
const ipam = (number: number) => ({
  ...hostLocal(`10.${number}.0.0/24`),
  routes: [{ dst: `10.${number}.9.0/24` }],
})

const lists: Record<string, { plugins: Configuration[]; names: string[] }> = {
  'a macvlan on the bridge’s interface': {
    plugins: [
      { type: 'bridge', ipam: ipam(1) },
      { type: 'macvlan', linkInContainer: true, ifname: 'upper', ipam: ipam(2) },
    ],
    names: ['eth0', 'upper'],
  },
  'two NICs of the host': {
    plugins: [
      { type: 'host-device', device: 'nic0', ifname: 'net0', ipam: ipam(3) },
      { type: 'host-device', device: 'nic1', ifname: 'net1' },
    ],
    names: ['net0', 'net1'],
  },
}

for (const engine of engines)
  for (const [what, { plugins, names }] of Object.entries(lists))
    test(`${what}: ADD, CHECK, DEL, and GC (${engine})`, async () => {
      const container = newContainer()
      const request = { engine, netns: container.path, containerID: 'several' }
      const configs = plugins.map((plugin) => ({ ...plugin, name: 'list', cniVersion: '1.1.0' }))
      const addAll = async () => {
        let prevResult: Result | undefined
        for (const config of configs)
          prevResult = await added({ ...request, config: { ...config, prevResult } })
        return prevResult
      }
      await addAll()
      for (const config of configs.toReversed())
        assert.equal(await call({ verb: 'DEL', ...request, config }), done)
      const before = snapshot()
      const prevResult = await addAll()
      const inside = prevResult?.interfaces.filter(({ sandbox }) => sandbox).map(({ name }) => name)
      assert.equal(inside, names)
      for (const { address, interface: at = -1 } of prevResult?.ips ?? [])
        assert.ok(addresses(prevResult?.interfaces[at]?.name ?? '', container).includes(address))
      const valid = [{ containerID: 'several', ifname: 'eth0' }]
      for (const config of configs) {
        assert.equal(await call({ verb: 'CHECK', ...request, config: { ...config, prevResult } }), done)
        await call({ verb: 'GC', engine, config: { ...config, 'cni.dev/valid-attachments': valid } })
      }
      for (const name of names) assert.ok(link(name, container).flags.includes('UP'))
      for (const config of configs.toReversed())
        assert.equal(await call({ verb: 'DEL', ...request, config }), done)
      assert.not.ok(names.some((name) => exists(name, container)))
      unchanged(before)
    })

test('the parent is found in a result whose interfaces name no sandbox', async () => {
  const container = newContainer()
  const request = { netns: container.path, containerID: 'one' }
  const bridge = { type: 'bridge', name: 'list', cniVersion: '1.0.0', ipam: ipam(4) }
  const { interfaces, ...rest } = await added({ ...request, config: bridge })
  const bare = {
    ...rest,
    interfaces: interfaces.filter(({ sandbox }) => sandbox).map(({ name }) => ({ name })),
  }
  const macvlan = {
    type: 'macvlan',
    name: 'list',
    cniVersion: '1.0.0',
    linkInContainer: true,
    ifname: 'upper',
  }
  await added({ ...request, config: { ...macvlan, prevResult: bare } })
  assert.is(link('upper', container).link, 'eth0')
  for (const config of [macvlan, bridge]) assert.equal(await call({ verb: 'DEL', ...request, config }), done)
})

test.run()
