/** The facts of kinds, and how a kernel is probed for a kind. */

import * as assert from 'uvu/assert'
import { addCommand, isHardware, kindFacts } from '../../../shared/netlink/kinds.ts'
import { probeOf } from '../../guest/features.ts'
import { test } from '../../harness/test.ts'

test('the command adds a link with its parent and the options that its kind needs', () => {
  assert.is(addCommand('vlan', 'eth0'), 'ip link add link eth0 type vlan id 2')
  assert.is(addCommand('vrf', 'eth0'), 'ip link add type vrf table 10')
})

test('a kind without a row has no facts, and a kernel can still be probed for it', () => {
  assert.equal(kindFacts('ifb'), {})
  assert.equal(kindFacts('constructor'), {})
  assert.equal(kindFacts(undefined), {})
  assert.is(probeOf('link ifb'), 'ip link add type ifb')
  assert.is(probeOf('links'), undefined)
})

test('CAN controllers are hardware, as is what has no kind; virtual CAN devices are not', () => {
  const kinds = [undefined, 'can', 'vcan', 'veth']
  assert.equal(
    kinds.map((kind) => isHardware({ kind })),
    [true, true, false, false],
  )
})

test('a kind that sits on a parent is given one', () => {
  assert.match(
    probeOf('link macsec') ?? '',
    /^ip link add probe type veth && ip link add link probe type macsec$/,
  )
})

test.run()
