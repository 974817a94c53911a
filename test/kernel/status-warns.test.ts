/** STATUS warns once, and succeeds, when a parent is down, no route leads to a remote, a range is full, or networks clash. */
// needs: link macvlan, link macvtap, link vxlan

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { assertWarns, engines, testParentDown } from '../harness/status.ts'
import { test } from '../harness/test.ts'

await privateHost()
ip('link add up0 up type veth peer name up1')
ip('link set up1 up')
ip('address add 192.0.2.1/24 dev up0')

const cutOff = 'dev down0 is down: no frames reach other hosts: ip link set dev down0 up'

testParentDown([
  [{ type: 'macvlan', master: 'down0' }],
  [{ type: 'macvtap', master: 'down0' }],
  [{ type: 'vxlan', vni: 1, dev: 'down0', group: '239.1.1.1' }, cutOff],
])

for (const [what, keys, says] of [
  [
    'whose dev is down and has lost its IPv6 address',
    { dev: 'down1', local: '2001:db8::1', remote: '2001:db8::2' },
    'dev down1 is down: no frames reach other hosts: ip link set dev down1 up',
  ],
  [
    'without a route to any remote',
    { remotes: ['203.0.113.1', '203.0.113.2'] },
    'no route leads to remote 203.0.113.1, 203.0.113.2: the MTU of the path is not known',
  ],
  [
    'without a route to one of its remotes',
    { remotes: ['192.0.2.2', '203.0.113.1'], mtu: 1400 },
    'no route leads to remote 203.0.113.1: the MTU of the path is not known',
  ],
] as const)
  test(`vxlan ${what}: STATUS warns once`, async () => {
    const config = { type: 'vxlan', name: 'net', cniVersion: '1.1.0', vni: 1, ...keys }
    for (const engine of engines) await assertWarns(config, engine, says)
  })

/** The only address of a range, in either family. */
const only = [
  ['10.240.0.0/24', '10.240.0.9'],
  ['fd00:240::/64', 'fd00:240::9'],
] as const

for (const own of [
  { type: 'bridge', bridge: 'br0' },
  { type: 'macvlan', master: 'up0' },
])
  for (const [subnet, address] of only)
    test(`${own.type}: STATUS warns once of the full range of ${address}, and of another network that gives it; by statusWhenFull a full range is code 50`, async () => {
      const range = `${address}-${address}`
      const full = `no IP addresses available in range set: ${range}`
      const ipam = { type: 'host-local', subnet, rangeStart: address, rangeEnd: address }
      const config = { ...own, name: 'full', cniVersion: '1.1.0', ipam }
      const other = { ...config, name: 'other' }
      const strict = { ...config, ipam: { ...ipam, statusWhenFull: 'fail' } }
      const attachment = { config, netns: newContainer().path }
      await added(attachment)
      for (const engine of engines) {
        await assertWarns(config, engine, full)
        await assertWarns(other, engine, `range ${range} clashes with ${range} of another network`)
        const { status, json, stderr } = await call({ verb: 'STATUS', config: strict, engine })
        assert.equal([status, json?.code, json?.msg, stderr], [1, 50, full, ''])
      }
      assert.equal(await call({ verb: 'DEL', ...attachment }), done)
      for (const engine of engines) assert.equal(await call({ verb: 'STATUS', config, engine }), done)
    })

test.run()
