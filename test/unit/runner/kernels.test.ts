import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { needsOf } from '../../guest/features.ts'
import { type Kernel, planOf, takeToFirst } from '../../runner/kernels.ts'

const vlans = 'test/kernel/bridge-vlan.test.ts'
const netlink = 'test/kernel/netlink.test.ts'

/** A kernel that answers the probe with its features; without any it cannot run at all. */
function kernel(name: string, features?: string[]): Kernel {
  const ending = features ? { output: features.join('\n'), status: 0 } : { output: '', status: undefined }
  return { name, run: async () => ending }
}

test('needs are read from their lines', () => {
  assert.equal(needsOf('/** A test. */\n// needs: nft ip, link vlan\n// needs: nft bridge\n'), [
    'nft ip',
    'link vlan',
    'nft bridge',
  ])
  assert.equal(needsOf('/** A test that // needs: nothing. */'), [])
})

test('a need without a probe is an error, not a test that is never run', () => {
  assert.throws(() => needsOf('// needs: bridge vlan_filterin'), /no probe for: bridge vlan_filterin/)
})

test('a file runs on every kernel that has all it needs', async () => {
  const all = kernel('all', ['bridge vlan_filtering', 'link vlan'])
  const half = kernel('half', ['link vlan'])
  const { runs, nowhere } = await planOf([netlink, vlans], [half, all])
  assert.equal(runs, [
    { kernel: half, files: [netlink] },
    { kernel: all, files: [netlink, vlans] },
  ])
  assert.equal(nowhere, {})
})

test('a file that no kernel can run is named with its needs, and a kernel that cannot run has no files', async () => {
  const { runs, nowhere } = await planOf([netlink, vlans], [kernel('bare', []), kernel('none')])
  assert.equal(
    runs.map(({ files }) => files),
    [[netlink], []],
  )
  assert.equal(nowhere, { [vlans]: ['bridge vlan_filtering', 'link vlan'] })
})

test('an item goes to the first kernel that has what it needs; a kernel with nothing to do is not started', async () => {
  const own = kernel('own', ['nft ip'])
  const second = kernel('second', ['nft ip', 'link vlan'])
  const unused: Kernel = { name: 'unused', run: () => Promise.reject(new Error('it was started')) }
  const needs = (item: string) => (item === 'any' ? [] : [item])
  assert.equal(await takeToFirst(['link vlan', 'any', 'nft ip'], needs, [own, second, unused]), {
    runs: [
      { kernel: own, items: ['any', 'nft ip'] },
      { kernel: second, items: ['link vlan'] },
    ],
    nowhere: [],
  })
  assert.equal((await takeToFirst(['link team'], needs, [own])).nowhere, ['link team'])
})

test.run()
