import * as assert from 'uvu/assert'
import { config } from '../../../plugins/bridge/config.ts'
import { missingOf, portVlans } from '../../../plugins/bridge/port-vlans.ts'
import { test } from '../../harness/test.ts'

const silent = { warn: () => {}, info: () => {} }
const bridge = (keys: Record<string, unknown>) =>
  config.parse({ cniVersion: '1.0.0', name: 'mynet', type: 'bridge', ...keys }, silent)
const tagged = (first: number, last = first) => ({ first, last, pvid: false, untagged: false })
const native = (id: number) => ({ first: id, last: id, pvid: true, untagged: true })

test('vlan is the port’s native VLAN; a trunk without it keeps VLAN 1 for untagged frames', () => {
  assert.equal(portVlans(bridge({ vlan: 100 })), [native(100)])
  assert.equal(portVlans(bridge({ vlanTrunk: [{ id: 5 }, { minID: 10, maxID: 12 }] })), [
    tagged(5),
    tagged(10, 12),
    native(1),
  ])
})

test('the native VLAN is set last, so that a trunk with it does not make it tagged', () => {
  assert.equal(portVlans(bridge({ vlan: 11, vlanTrunk: [{ minID: 10, maxID: 12 }] })).at(-1), native(11))
})

test('what a port lacks of a range is told in the largest parts, however the kernel groups what it has', () => {
  const actual = [native(11), tagged(10), tagged(12, 14)]
  for (const wanted of [tagged(12, 13), tagged(10, 12), native(11)])
    assert.equal(missingOf(actual, wanted), [])
  assert.equal(missingOf(actual, tagged(8, 17)), [tagged(8, 9), tagged(15, 17)])
  assert.equal(missingOf(actual, native(12)), [native(12)])
})

test.run()
