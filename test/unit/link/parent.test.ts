/** Whether a link sits on a parent, from the kernel's attributes. */

import * as assert from 'uvu/assert'
import { sitsOn } from '../../../shared/link/parent.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { test } from '../../harness/test.ts'

const nic = { index: 5, name: 'eth0', kind: undefined } as Link
const child = { index: 9, kind: 'macvlan', parent: 5 } as Link

test('a child in its parent’s namespace', () => {
  assert.ok(sitsOn(child, nic, false))
  assert.not.ok(sitsOn({ ...child, parent: 6 }, nic, false))
  assert.not.ok(sitsOn({ ...child, parentNamespace: 0 }, nic, false))
})

test('a child in another namespace', () => {
  assert.ok(sitsOn({ ...child, parentNamespace: 0 }, nic, true))
  assert.not.ok(sitsOn(child, nic, true))
})

test('a parent whose other end is in yet another namespace makes no difference', () => {
  const veth = { ...nic, kind: 'veth', parent: 2, parentNamespace: 0 }
  assert.ok(sitsOn({ ...child, parentNamespace: 0 }, veth, true))
  assert.not.ok(sitsOn({ ...child, parentNamespace: 0 }, veth, false))
})

test('a macvlan on a macvlan, or an ipvlan on an ipvlan, sits on that one’s parent; a VLAN on a VLAN on the VLAN', () => {
  for (const [kind, parent] of [
    ['macvlan', 5],
    ['ipvlan', 5],
    ['vlan', 8],
  ] as const) {
    const between = { ...nic, index: 8, kind, parent: 5 } as Link
    assert.ok(sitsOn({ ...child, kind, parent }, between, false), kind)
  }
})

test('in a container, the parent of both may be on the host', () => {
  const eth0 = { ...child, index: 2, parentNamespace: 0 }
  assert.ok(sitsOn({ ...child, parentNamespace: 0 }, eth0, false))
  assert.not.ok(sitsOn(child, eth0, false))
})

test.run()
