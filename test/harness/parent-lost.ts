/** DEL when the parent was deleted or renamed: tests of the plugins whose interfaces have a parent. */

import * as assert from 'uvu/assert'
import { done, type readyForDel } from './attach.ts'
import { ip } from './command.ts'
import { unchangedFiles } from './expect.ts'
import { exists } from './look.ts'
import { call } from './plugin.ts'
import { test } from './test.ts'

/** @param attach an attachment in a network with more keys */
export function testParentLost(
  attach: (keys: Record<string, unknown>) => ReturnType<typeof readyForDel>,
): void {
  test('DEL with the parent deleted releases the address', async () => {
    ip('link add nic type veth')
    const { before, del } = await attach({ master: 'nic' })
    ip('link delete nic')
    assert.equal(await call(del), done)
    unchangedFiles(before)
  })

  test('DEL with the parent renamed removes the interface and releases the address', async () => {
    ip('link add nic type veth')
    const { before, del, container } = await attach({ master: 'nic' })
    ip('link set nic name other')
    assert.equal(await call(del), done)
    assert.not.ok(exists('eth0', container))
    unchangedFiles(before)
    ip('link delete other')
  })
}
