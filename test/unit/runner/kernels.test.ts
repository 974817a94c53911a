/** Which kernels tests run on. */

import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { chooseGuest } from '../../guest/kernel.ts'
import { test } from '../../harness/test.ts'
import { guests } from '../../runner/kernels.ts'

const expected = (names: string[]) => (process.arch === 'x64' ? names : [])
const names = () => guests().map(({ name }) => name)

const chosen = process.env.PATCHBAY_GUEST
test.after.each(() => chooseGuest(chosen ?? ''))

test('a guest has the newest kernel, or else an old one', () => {
  chooseGuest('')
  assert.equal(names(), expected(['guest newest', 'guest 6.1']))
})

test('the chosen kernel is the only one', () => {
  chooseGuest('6.1')
  assert.equal(names(), expected(['guest 6.1']))
})

test('a kernel that no guest has is refused with the names of those there are', () => {
  assert.throws(() => chooseGuest('5.10'), /no guest has the kernel 5.10: take newest or 6.1/)
})

test('the files that always run on the old kernel exist', () => {
  for (const { always = [] } of guests())
    for (const file of always) assert.ok(existsSync(new URL(`../../../${file}`, import.meta.url)), file)
})

test.run()
