/** Lines in which a test file names its needs and packages. */

import { globSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { declared, isSlow, packagesOf } from '../../harness/declared.ts'
import { test } from '../../harness/test.ts'

const kernelTests = globSync('test/kernel/*.ts', { cwd: new URL('../../..', import.meta.url).pathname })
const source = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

test('words are read from separate comment lines', () => {
  const lines =
    '/** A test. */\n// needs: nft ip\n// packages: can-utils, qemu-system-x86\nconst a = 1 // packages: none\n'
  assert.equal(declared(lines, 'packages'), ['can-utils', 'qemu-system-x86'])
  assert.equal(declared(lines, 'needs'), ['nft ip'])
})

const pathOf = (name: string) => new URL(`../../kernel/${name}.test.ts`, import.meta.url).pathname

test('the packages of several files are named once', () => {
  assert.equal(packagesOf(['vcan', 'vxcan'].map(pathOf)), ['can-utils'])
})

test('packages that are only unpacked are named apart from those that are installed', () => {
  const servers = pathOf('dhcp-servers')
  assert.ok(packagesOf([servers], 'unpacked').includes('radvd'))
  assert.not.ok(packagesOf([servers]).includes('radvd'))
})

test('a file that says so is slow', () => {
  assert.ok(isSlow(pathOf('macvtap-machine')))
  assert.not.ok(isSlow(pathOf('macvtap')))
})

test('no kernel test installs packages itself: a guest has no network', () => {
  const guilty = kernelTests.filter((file) => source(file).includes('ensurePackages'))
  assert.ok(kernelTests.length > 50)
  assert.equal(guilty, [])
})

test.run()
