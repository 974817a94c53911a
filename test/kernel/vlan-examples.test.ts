/** vlan's examples in conf-examples do what their README says. */
// needs: link vlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { overhear, pings } from '../harness/traffic.ts'
import { tagged, tidy } from '../harness/vlan.ts'

await privateHost()
const far = lan()
test.after.each(tidy)

/** Pings the router of a container's VLAN twice. @returns the packets on the cable */
async function onTheWire(file: string, router: string): Promise<string> {
  const net = exampleNetwork(file)
  const before = snapshot()
  const container = newContainer()
  await cnitool.add(net, container)
  await cnitool.check(net, container)
  const heard = await overhear('trunk', '', () => assert.ok(pings(container, router)), far)
  if (file === '90-vlan.conflist') assert.ok(routes(4, container).includes(`default via ${router}`))
  await cnitool.del(net, container)
  unchanged(before)
  return heard.filter((line) => line.includes('echo request')).join('\n')
}

test('90-vlan.conflist: frames with tag 100, and the VLAN’s router is the gateway', async () => {
  tagged(far, 'trunk', 'v100', 'id 100', '10.190.100.1')
  assert.match(await onTheWire('90-vlan.conflist', '10.190.100.1'), /\(0x8100\).* vlan 100, p 0,/)
})

test('91-vlan-qinq.conflist: frames with tag 20 of 802.1Q in tag 100 of 802.1ad', async () => {
  tagged(far, 'trunk', 'v100', 'protocol 802.1ad id 100')
  tagged(far, 'v100', 'v20', 'id 20', '10.190.20.1')
  const frames = await onTheWire('91-vlan-qinq.conflist', '10.190.20.1')
  assert.match(frames, /\(0x88a8\).* vlan 100, .*\(0x8100\), vlan 20,/)
})

test('92-vlan-priorities.conflist: ordinary packets have PCP 1', async () => {
  tagged(far, 'trunk', 'v101', 'id 101', '10.190.101.1')
  assert.match(await onTheWire('92-vlan-priorities.conflist', '10.190.101.1'), 'vlan 101, p 1,')
})

test.run()
