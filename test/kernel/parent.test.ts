/** The parent of a plugin: a member of a bond, team or net_failover is replaced by its master, other ports are not. */
// needs: link bond, link team, link vlan, link vrf, link ipvlan, link ipvtap, link macvlan, link macvtap

import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import { ip, ipJson } from '../harness/command.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { inContainer, link } from '../harness/look.ts'
import { fixed, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { overhear, pings } from '../harness/traffic.ts'
import { tagged, vlanNetwork } from '../harness/vlan.ts'

await privateHost()
const far = lan()
tagged(far, 'trunk', 'v100', 'id 100', '10.0.100.1')

/** Makes a master of eth0, as an operator would. */
function enslave(kind: string): void {
  ip(`link add master0 type ${kind}`)
  ip('link set eth0 down')
  ip('link set eth0 master master0')
  for (const name of ['eth0', 'master0']) ip(`link set ${name} up`)
}

test.after.each(() => {
  ip('link set eth0 nomaster')
  ip('link delete master0')
  ip('link set eth0 up')
})

/** Attaches a container to VLAN 100 of eth0, and runs CHECK and DEL. */
async function tryOut(master: string, log: string, meanwhile: (container: Netns) => unknown): Promise<void> {
  const container = newContainer()
  const config = single(vlanNetwork({ vlanId: 100 }, '10.0.100.2', '1.1.0'))
  const request = { config, netns: container.path, containerID: container.name }
  const { status, json, stderr } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0, JSON.stringify(json))
  assert.is(stderr.trim(), log)
  assert.is(link('eth0', container).link_index, link(master).ifindex)
  await meanwhile(container)
  const checked = { ...config, prevResult: json }
  assert.is((await call({ ...request, config: checked, verb: 'CHECK' })).status, 0)
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
}

const told = 'patchbay vlan: info: master eth0 belongs to master0: attached to master0'

for (const kind of ['bond mode active-backup', 'bond mode balance-rr'])
  test(`a member of a ${kind}: the VLAN is on the bond, with a log line, and reaches the cable`, async () => {
    enslave(kind)
    await tryOut('master0', told, (container) => assert.ok(pings(container, '10.0.100.1')))
  })

test('a member of a team: the VLAN is on the team, with a log line', async () => {
  enslave('team')
  await tryOut('master0', told, () => {})
})

test('STATUS with a member of a bond succeeds', async () => {
  enslave('bond')
  const config = single(vlanNetwork({ vlanId: 100 }, undefined, '1.1.0'))
  assert.is((await call({ verb: 'STATUS', config })).status, 0)
})

test('on a port of a bridge, the VLAN’s frames reach the container and not the bridge', async () => {
  enslave('bridge')
  await tryOut('eth0', '', async (container) => {
    const heard = await overhear('master0', 'icmp', () => assert.ok(pings(container, '10.0.100.1')))
    assert.equal(heard, [])
  })
})

test('a member of a VRF is used as the parent itself', async () => {
  enslave('vrf table 10')
  await tryOut('eth0', '', (container) => assert.ok(pings(container, '10.0.100.1')))
})

test('a member of a bond in the container is replaced by the bond too', async () => {
  ip('link add master0 type bridge')
  const container = newContainer()
  inContainer(container, 'link add net0 type veth peer name 0ten')
  inContainer(container, 'link add bond0 type bond')
  inContainer(container, 'link set net0 master bond0')
  for (const name of ['net0', '0ten', 'bond0']) inContainer(container, `link set ${name} up`)
  const config = single(vlanNetwork({ vlanId: 100, master: 'net0', linkInContainer: true }))
  const { status, stderr } = await call({ verb: 'ADD', config, netns: container.path })
  assert.is(status, 0)
  assert.match(stderr, 'master net0 belongs to bond0: attached to bond0')
  assert.is(ipJson<{ link: string }>(`-n ${container.name} link show dev eth0`)[0]?.link, 'bond0')
})

for (const [type, keys, engine] of [
  ['ipvlan', {}, 'quickjs'],
  ['ipvtap', {}, 'node'],
  ['macvlan', { mode: 'passthru' }, 'node'],
  ['macvtap', { mode: 'passthru' }, 'quickjs'],
] as const)
  test(`${engine}: ${type} follows its parent's MAC address, for example in a failover, and CHECK accepts it`, async () => {
    ip('link add master0 up type veth peer name slave0')
    const container = newContainer()
    const own = {
      type,
      name: 'followers',
      cniVersion: '1.0.0',
      master: 'master0',
      ipam: fixed('10.9.0.2/24'),
    }
    const request = {
      config: { ...own, ...keys },
      engine,
      netns: container.path,
      containerID: container.name,
    }
    const prevResult = await added(request)
    const check = () =>
      call({ ...request, verb: 'CHECK', config: { ...request.config, prevResult } as never })
    ip('link set master0 address 02:00:5e:10:00:21')
    assert.is(link('eth0', container).address, '02:00:5e:10:00:21')
    assert.equal((await check()).json, undefined)
    assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  })

test.run()
