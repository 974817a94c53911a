/** Alternative names of links, which are longer than an interface's own: wherever a configuration names an existing link. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { added, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists, link, ports } from '../harness/look.ts'
import { bridgeNetwork, fixed, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const long = `enx${'0011223344556677'.repeat(7)}abcdefghijkl`
const base = { name: 'alt', cniVersion: '1.0.0' }

/** ADD and CHECK. @returns the container, and DEL */
async function attached(config: Configuration, engine: Engine) {
  const container = newContainer()
  const attachment = { netns: container.path, engine }
  const prevResult = await added({ config, ...attachment })
  const answer = await call({ verb: 'CHECK', config: { ...config, prevResult }, ...attachment })
  assert.is(answer.status, 0, JSON.stringify(answer.json))
  const del = () => call({ verb: 'DEL', config, ...attachment })
  return { container, prevResult, del }
}

for (const engine of ['quickjs', 'node'] as const) {
  const nic = (name: string, altname: string) => {
    ip(`link add ${name} type veth peer name ${name}peer`)
    ip(`link property add dev ${name} altname ${altname}`)
    ip(`link set ${name} up`)
  }

  test(`${engine}: macvlan's master, in 127 bytes`, async () => {
    assert.is(long.length, 127)
    nic('eth9', long)
    const config = { ...base, type: 'macvlan', master: long, ipam: fixed('10.63.0.2/24') }
    ip('link property add dev eth9 altname lan0')
    for (const master of [long, 'lan0']) {
      const { container, del } = await attached({ ...config, master }, engine)
      assert.is(link('eth0', container).link_index, link('eth9').ifindex)
      assert.is((await del()).status, 0)
    }
    const { said } = await refused({ config: { ...config, master: `${long}x` }, engine })
    assert.match(said, 'must be an interface name: at most 127 bytes')
    const { said: missing } = await refused({ config: { ...config, master: `${long.slice(1)}` }, engine })
    assert.match(missing, 'master: the host has no interface')
    ip('link delete eth9')
  })

  test(`${engine}: host-device's device, which STATUS knows by each name while a container has it`, async () => {
    nic('eth9', 'enx0011223344556677')
    const config = { ...base, cniVersion: '1.1.0', type: 'host-device', device: 'enx0011223344556677' }
    const { container, del } = await attached(config, engine)
    assert.not(exists('eth9'))
    assert.ok(exists('eth0', container))
    for (const device of ['enx0011223344556677', 'eth9'])
      assert.is((await call({ verb: 'STATUS', config: { ...config, device }, engine })).status, 0)
    const { said } = await refused({ config, containerID: 'other', engine })
    assert.match(said, 'device enx0011223344556677: container c1 has it, as eth0')
    assert.is((await del()).status, 0)
    assert.is(link('enx0011223344556677').ifname, 'eth9')
    ip('link delete eth9')
  })

  test(`${engine}: bridge's uplinks, and a bridge that exists`, async () => {
    nic('eth9', 'enx0011223344556677')
    ip('link add altbr address 02:00:5e:10:00:09 type bridge')
    ip('link property add dev altbr altname the-bridge-of-the-lan')
    const config = {
      ...single(bridgeNetwork()),
      bridge: 'the-bridge-of-the-lan',
      uplinks: ['enx0011223344556677'],
    }
    const { prevResult, del } = await attached(config, engine)
    assert.is(prevResult.interfaces[0]?.name, 'altbr')
    assert.ok(ports('altbr').some(({ ifname }) => ifname === 'eth9'))
    assert.is((await del()).status, 0)
    for (const name of ['eth9', 'altbr']) ip(`link delete ${name}`)
    const { said } = await refused({ config, engine })
    assert.match(
      said,
      'bridge: the host has no "the-bridge-of-the-lan", and no bridge can be made of that name',
    )
  })
}

test.run()
