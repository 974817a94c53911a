/**
 * A NIC of the host that is lent to a container, by bond or host-device: hardware, which the kernel returns itself when the container's
 * namespace ends, but with the name and state that it had there. Runs in a guest with the NIC of virtio-nic.ts.
 */

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { libcni } from '../clients/harness/libcni.ts'
import { ip, ipJson, succeeds } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, removeContainer } from '../harness/host.ts'
import { deletedWithDevice } from '../harness/lent.ts'
import { exists, inContainer, type Link, link } from '../harness/look.ts'
import { run } from '../harness/operate.ts'
import { type Configuration, call, executables } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

while (!succeeds('sh', '-c', 'modprobe --all virtio_net bonding && ip link show dev eth0'));
for (const words of [
  'link set eth0 mtu 1450 alias uplink up',
  'address add 192.0.2.1/24 dev eth0',
  'address add 2001:db8::1/64 dev eth0 nodad',
])
  ip(words)

/** Plugins that lend the NIC. */
const plugins: Record<string, Configuration> = {
  bond: { type: 'bond', links: [{ name: 'eth0' }] },
  'host-device': { type: 'host-device', device: 'eth0' },
}

/** Lends the NIC to a container, changes it there, and asserts that after DEL, with other values perhaps, it is as before. */
async function lent(
  keys: Configuration,
  act: (container: ReturnType<typeof newContainer>) => void,
  atDel: { netns?: string; config?: Configuration & { name: string } } = {},
): Promise<void> {
  const before = snapshot([])
  const container = newContainer()
  const config = { ...keys, name: 'net', cniVersion: '1.1.0' }
  const request = { config, containerID: container.name, netns: container.path }
  const { status, json } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0, JSON.stringify(json))
  assert.not.ok(exists('eth0'))
  act(container)
  await deletedWithDevice({ ...request, ...atDel })
  unchanged(before, () => snapshot([]))
  assert.equal(readdirSync('/run/patchbay/lent'), [])
  assert.is(link('eth0').address, '02:00:00:00:00:42')
}

test('the NIC is hardware to this kernel', () => {
  assert.is(link('eth0').linkinfo?.info_kind, undefined)
})

for (const [plugin, keys] of Object.entries(plugins)) {
  test(`${plugin}: it comes back from a running container`, () => lent(keys, () => {}))

  test(`${plugin}: it comes back when the namespace was deleted just before DEL`, () =>
    lent(keys, removeContainer))

  test(`${plugin}: it comes back renamed and changed from a deleted namespace, with a DEL without CNI_NETNS`, () =>
    lent(
      keys,
      (container) => {
        const [member] = ipJson<Link>(`-n ${container.name} link show master eth0`)
        for (const words of ['down', 'mtu 1300 name other'])
          inContainer(container, `link set ${member?.ifname ?? 'eth0'} ${words}`)
        removeContainer(container)
      },
      { netns: '' },
    ))

  test(`${plugin}: patchbay gc brings it back from a deleted namespace`, async () => {
    const before = snapshot([])
    const container = newContainer()
    await libcni({ name: 'net', cniVersion: '1.1.0', plugins: [keys] }).add({
      id: 'ended',
      netns: container.path,
    })
    removeContainer(container)
    let said = ''
    await until('gc has the NIC back', () => {
      const { status, stdout } = run(`${executables()}/patchbay`, 'gc')
      said += stdout
      return status === 0
    })
    assert.match(said, 'net/ended/eth0: deleted')
    unchanged(before, () => snapshot([]))
    assert.equal([readdirSync('/run/patchbay/lent'), readdirSync('/var/lib/cni/results')], [[], []])
  })

  test(`${plugin}: it comes back from a deleted namespace when the network has another name by then`, () =>
    lent(keys, removeContainer, { config: { ...keys, name: 'renamed', cniVersion: '1.1.0' } }))
}

test.run()
