/** podman 5 with VLANs, in a guest where the machine's own kernel has none. */
// needs: link vlan
// roots: podman-5

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, usableAtOnce } from '../harness/host.ts'
import { addresses, link } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { clientHost } from './harness/host.ts'
import { inside, installDrivers, openPodman, passesTwice, traces } from './harness/podman.ts'
import { rootOf } from './harness/roots.ts'

await clientHost(rootOf('podman-5'))
usableAtOnce()
const lan = newContainer() // a machine on the NIC's segment
ip(`link add lan0 type veth peer name lan1 netns ${lan.name}`)
ip('link set lan0 up')
const box = openPodman('podman-5', 'netavark', (client) => installDrivers(client, ['vlan']))
const { podman, start } = box

test('network create -d vlan: a container reaches a machine in the same VLAN of the NIC, also after stop and start; nothing is left', async () => {
  ip(`-n ${lan.name} link set lan1 up`)
  ip(`-n ${lan.name} link add link lan1 name lan1.100 type vlan id 100`)
  ip(`-n ${lan.name} address add 10.60.0.99/24 dev lan1.100`)
  ip(`-n ${lan.name} link set lan1.100 up`)
  const before = traces()
  const words = ['--interface-name', 'lan0', '--subnet', '10.60.0.0/24', '-o', 'vlanId=100']
  podman('network', 'create', '--driver', 'vlan', ...words, 'tagged')
  start('tagged', '--network', 'tagged', '--ip', '10.60.0.7')
  const check = () =>
    inside(box, 'tagged', (netns) => {
      const { linkinfo } = link('eth0', netns)
      assert.equal([linkinfo?.info_kind, linkinfo?.info_data?.id], ['vlan', 100])
      assert.equal(addresses('eth0', netns), ['10.60.0.7/24'])
      assert.ok(pings(netns, '10.60.0.99'))
    })
  await passesTwice(box, 'tagged', check)
  unchanged(before, traces)
})

test.run()
