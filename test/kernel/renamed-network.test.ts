/** The network has another name at DEL than at ADD: all is found by container and interface, and nothing is left. */
// needs: nft ip, nft bridge, link macvlan, link macvtap

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add nic0 type veth peer name nic0-peer')
ip('link set nic0 up')

const engines: Engine[] = ['quickjs', 'node']

const firewalled = { type: 'bridge', isGateway: true, macspoofchk: true, ipMasq: true }
const configurations: Record<string, Configuration> = {
  'host-device': { type: 'host-device', device: 'nic0' },
  macvtap: { type: 'macvtap', master: 'uplink' },
  'macvlan with hostAccess': { type: 'macvlan', master: 'uplink', hostAccess: true },
  wire: { type: 'wire', wire: 'cable' },
  'bridge with nftables': { ...firewalled, ipMasqBackend: 'nftables' },
  'bridge with iptables': { ...firewalled, ipMasqBackend: 'iptables' },
}

for (const engine of engines)
  for (const [what, plugin] of Object.entries(configurations))
    test(`${what}: DEL leaves nothing (${engine})`, async () => {
      const config = { ...plugin, cniVersion: '1.1.0', ipam: hostLocal('198.51.100.0/24') }
      // What all containers of such a network share stays.
      const attachment = { engine, netns: newContainer().path }
      await added({ ...attachment, config: { ...config, name: 'before' } })
      await call({ verb: 'DEL', ...attachment, config: { ...config, name: 'before' } })
      const before = snapshot()
      const container = newContainer()
      const request = { engine, netns: container.path, containerID: 'renamed' }
      await added({ ...request, config: { ...config, name: 'before' } })
      assert.equal(await call({ verb: 'DEL', ...request, config: { ...config, name: 'after' } }), done)
      assert.not.ok(exists('eth0', container))
      unchanged(before)
    })

test.run()
