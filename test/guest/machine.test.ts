/**
 * net_failover as hypervisors offer it: a virtio NIC with the feature STANDBY, and a second NIC that is plugged in. Whichever
 * of the set's three interfaces is the parent, containers sit on the master and reach the network through either NIC. Runs in a virtual machine with these NICs (machine/failover.sh).
 */
// slow: QEMU without KVM

import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import { runMachine } from './machine/boot.ts'

const mac = '02:00:00:00:00:42'
const virtio = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci']
const modules = [...virtio, 'failover', 'net_failover', 'virtio_net', 'vmxnet3', 'macvlan', 'ipvlan']

/** Two PCI Express ports with a NIC each, both on QEMU's user network, whose router is 10.0.2.2. */
const devices = [
  ...['-device', 'pcie-root-port,id=port1,chassis=1', '-device', 'pcie-root-port,id=port2,chassis=2'],
  ...['-netdev', 'user,id=lan1', '-netdev', 'user,id=lan2'],
  ...['-device', `virtio-net-pci,id=standby,netdev=lan1,bus=port1,mac=${mac},failover=on`],
  ...['-device', `vmxnet3,id=primary,netdev=lan2,bus=port2,mac=${mac},failover_pair_id=standby`],
]

const init = join(import.meta.dirname, 'machine/failover.sh')
const said = await runMachine({ init, modules, plugins: ['macvlan', 'ipvlan', 'static'], devices })

/** The rest of the line that begins with the given words. */
function line(words: string): string {
  const found = said.split('\n').find((text) => text.startsWith(`${words} `))
  assert.ok(found, `no ${JSON.stringify(words)} in:\n${said}`)
  return found.slice(words.length + 1)
}

const nameOf = (role: string) => line(`interface ${role}`).split(' ')[0] ?? ''
const indexOf = (role: string) => line(`interface ${role}`).split(' ')[1] ?? ''

test('the kernel has made a set of three interfaces with one MAC address', () => {
  for (const role of ['master', 'standby', 'primary']) assert.is(line(`interface ${role}`).split(' ')[2], mac)
})

for (const kind of ['macvlan', 'ipvlan'])
  for (const role of ['master', 'standby', 'primary'])
    test(`${kind} on the ${role}: the container sits on the master, the result says so, and the container reaches the network`, () => {
      const [name, master] = [nameOf(role), nameOf('master')]
      const sentence = `patchbay ${kind}: info: master ${name} belongs to ${master}: attached to ${master}`
      assert.is(line(`add ${kind} ${role}`), 'done')
      assert.is(line(`told ${kind} ${role}`), role === 'master' ? '' : sentence)
      assert.is(line(`parent ${kind} ${role}`), indexOf('master'))
      assert.is(line(`ping ${kind} ${role}`), 'answered')
      assert.is(line(`del ${kind} ${role}`), 'done')
    })

test('when the primary is unplugged, a container attached by its name uses the standby, and DEL works', () => {
  assert.is(line('before'), 'answered')
  assert.is(line('unplugged'), '2 interfaces, answered')
  assert.is(said.split('\n').filter((text) => text === 'del macvlan primary done').length, 2)
})

test.run()
