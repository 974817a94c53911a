/** `patchbay plan` of kinds of links that few kernels have. */
// needs: link ipvlan, link vlan, link vrf, link dummy, link macsec, link bond, link team, bridge vlan_filtering

import { chmodSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { privateHost, scratch } from '../harness/host.ts'
import { exampleNetwork, newNetwork } from '../harness/networks.ts'
import { run } from '../harness/operate.ts'
import { nic, testPlanned } from '../harness/planned.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

testPlanned('ipvlan', { network: newNetwork('ipvlan', { master: 'eth0', mode: 'l3s' }) })

testPlanned('vlan', { network: newNetwork('vlan', { master: 'eth0', vlanId: 7, mtu: 1300 }) })

const dummy = newNetwork('dummy')
testPlanned('dummy and vrf', {
  network: { ...dummy, plugins: [...dummy.plugins, { type: 'vrf', vrfname: 'blue' }] },
})

const twoNics = `${nic}
ip link add eth1 address 02:00:00:00:00:03 type veth peer name far1
ip link add eth2 address 02:00:00:00:00:05 type veth peer name far2
for one in far1 far2; do ip link set $one up; done`

for (const kind of ['bond', 'team'])
  testPlanned(kind, {
    network: newNetwork(kind, { links: [{ name: 'eth1' }, { name: 'eth2' }] }),
    host: twoNics,
  })

testPlanned('bridge with a NIC as its trunk', {
  network: newNetwork('bridge', {
    bridge: 'lan0',
    vlan: 100,
    uplinks: [{ name: 'eth1', vlanTrunk: [{ id: 100 }] }],
  }),
  host: twoNics,
})

const secret = '0123456789abcdef0123456789abcdef'

test('macsec: the plan has no key', () => {
  const keyFile = `${scratch}/keys.json`
  writeFileSync(keyFile, JSON.stringify({ 'site-1': secret, 'site-2': secret.toUpperCase() }))
  chmodSync(keyFile, 0o600)
  const network = exampleNetwork('180-macsec.conflist')
  const file = `${scratch}/macsec.conflist`
  writeFileSync(file, JSON.stringify(network).replace(/"keyFile":"[^"]*"/, `"keyFile":"${keyFile}"`))
  const { stdout, stderr } = run(`${executables()}/patchbay`, `plan ${file}`)
  assert.match(stdout, /ip macsec add \S+ tx sa \d pn 1 on key \S+ KEY/, stderr)
  assert.not.match(stdout.toLowerCase(), secret)
})

test.run()
