/** macvlan, ipvlan and vlan on the interface of an earlier plugin of the list: ADD, CHECK and DEL find it in prevResult. */
// needs: link ipvlan, link macvlan, link vlan

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { enginesOfRow } from '../harness/by-node.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Result } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const common = { name: 'list', cniVersion: '1.0.0' }
const lower: Configuration = { type: 'bridge', ...common, ipam: hostLocal('10.1.0.0/24') }
const uppers: Configuration[] = [{ type: 'macvlan' }, { type: 'ipvlan' }, { type: 'vlan', vlanId: 5 }]

/** Some plugins leave out the sandbox of what they have made. */
const views: Record<string, (result: Result) => Result> = {
  'with a sandbox': (result) => result,
  'without a sandbox': ({ interfaces, ...result }) => ({
    ...result,
    interfaces: interfaces.filter(({ sandbox }) => sandbox).map(({ name, mac }) => ({ name, mac })),
    ips: [],
  }),
}

/** The container has an interface and a default route of its own besides: they are not the parent. */
function other(): Netns {
  const container = newContainer()
  inContainer(container, 'link add other0 type veth peer name other1')
  inContainer(container, 'link set other0 up')
  inContainer(container, 'route add default dev other0')
  return container
}

for (const upper of uppers)
  for (const [what, view] of Object.entries(views))
    for (const engine of enginesOfRow())
      test(`${upper.type} on the bridge’s interface, ${what}: ADD, CHECK and DEL (${engine})`, async () => {
        const container = other()
        const request = { engine, netns: container.path, containerID: 'list' }
        const ipam = hostLocal('10.2.0.0/24')
        const config = { ...upper, ...common, linkInContainer: true, ifname: 'upper', ipam }
        const first = await added({ ...request, config: lower })
        const before = snapshot()
        const prevResult = await added({ ...request, config: { ...config, prevResult: view(first) } })
        assert.is(link('upper', container).link, 'eth0')
        assert.equal(addresses('upper', container).slice(0, 1), [prevResult.ips.at(-1)?.address])
        // A later plugin adds its interface to the result that CHECK is given.
        const last = { name: 'last', mac: '', sandbox: container.path }
        for (const interfaces of [prevResult.interfaces, [...prevResult.interfaces, last]]) {
          const final = { ...config, prevResult: { ...prevResult, interfaces } }
          assert.equal(await call({ verb: 'CHECK', ...request, config: final }), done)
        }
        assert.equal(await call({ verb: 'DEL', ...request, config: { ...config, prevResult } }), done)
        assert.not.ok(exists('upper', container))
        unchanged(before)
        assert.equal(await call({ verb: 'DEL', ...request, config: lower }), done)
      })

test.run()
