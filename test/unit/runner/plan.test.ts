/** Which kernel runs which files; fake kernels answer the probes. */

import * as assert from 'uvu/assert'
import { needsOf } from '../../guest/features.ts'
import { test } from '../../harness/test.ts'
import type { Kernel } from '../../runner/kernels.ts'
import { planOf, takeToFirst } from '../../runner/plan.ts'

const vlans = 'test/kernel/bridge-vlan.test.ts'
const netlink = 'test/kernel/netlink.test.ts'
const vlanFeatures = ['bridge vlan_filtering', 'link vlan']

const runFiles = async () => []

/** A kernel that answers the probe with its version and features. */
function kernel(name: string, features: string[], always: string[] = []): Kernel {
  return { name, always, runFiles, run: async () => ({ output: ['7.2', ...features].join('\n'), status: 0 }) }
}

/** A kernel that cannot run at all. */
function dead(name: string, words: string, always: string[] = []): Kernel {
  return { name, always, runFiles, run: async () => ({ output: words, status: undefined }) }
}

const unused: Kernel = { name: 'unused', runFiles, run: () => Promise.reject(new Error('it was started')) }

const printed: string[] = []
const { log } = console
test.before(() => {
  console.log = (line: string) => printed.push(line)
})
test.before.each(() => void printed.splice(0))
test.after(() => {
  console.log = log
})

test('needs are read from their lines', () => {
  assert.equal(needsOf('/** A test. */\n// needs: nft ip, link vlan\n// needs: nft bridge\n'), [
    'nft ip',
    'link vlan',
    'nft bridge',
  ])
  assert.equal(needsOf('/** A test that // needs: nothing. */'), [])
})

test('a need without a probe is an error, so that its file is not left out silently', () => {
  assert.throws(() => needsOf('// needs: bridge vlan_filterin'), /no probe for: bridge vlan_filterin/)
})

test('a file runs on the first kernel that has all it needs, the machine’s own before guests', async () => {
  const own = kernel('own', ['link vlan'])
  const newest = kernel('newest', vlanFeatures)
  const plan = await planOf([netlink, vlans], own, [newest, unused])
  assert.equal(plan, {
    runs: [
      { kernel: own, items: [netlink] },
      { kernel: newest, items: [vlans] },
    ],
    failures: [],
  })
  assert.equal(printed, ['own: Linux 7.2', 'newest: Linux 7.2'])
})

test('a guest also runs the files that it always runs', async () => {
  const own = kernel('own', [])
  const newest = kernel('newest', [])
  const old = kernel('old', vlanFeatures, [netlink])
  assert.equal((await planOf([netlink, vlans], own, [newest, old])).runs, [
    { kernel: own, items: [netlink] },
    { kernel: old, items: [netlink, vlans] },
  ])
})

test('in a full run each file runs on every kernel that has what it needs', async () => {
  const [own, newest] = [kernel('own', []), kernel('newest', vlanFeatures)]
  assert.equal((await planOf([netlink, vlans], own, [newest], true)).runs, [
    { kernel: own, items: [netlink] },
    { kernel: newest, items: [netlink, vlans] },
  ])
})

test('when a guest dies, its kernel’s last messages are printed, and the next guest runs its files', async () => {
  const [own, old] = [kernel('own', []), kernel('old', vlanFeatures)]
  const plan = await planOf([netlink, vlans], own, [dead('newest', 'panic: errno 14'), old])
  assert.equal(plan.runs, [
    { kernel: own, items: [netlink] },
    { kernel: old, items: [vlans] },
  ])
  assert.equal(plan.failures, [])
  assert.equal(printed[1], 'newest: does not run here. panic: errno 14')
})

test('when every guest dies, that is one failure with their last messages, however many files need a guest', async () => {
  const guests = [dead('newest', 'panic: errno 14'), dead('old', 'panic: errno 15', [netlink])]
  const { runs, failures } = await planOf([netlink, vlans], kernel('own', []), guests)
  assert.equal(
    runs.map(({ items }) => items),
    [[netlink]],
  )
  assert.is(failures.length, 1)
  for (const words of ['are left: 1', 'newest: does not run', 'errno 14', 'old: does not', 'errno 15'])
    assert.match(String(failures), words)
})

test('a file that needs a feature of a dead guest, or of none, is named', async () => {
  const guests = [dead('newest', 'panic'), kernel('old', [])]
  const { failures } = await planOf([vlans], kernel('own', []), guests)
  assert.equal(failures, [`${vlans}: no kernel here has all that it needs: bridge vlan_filtering, link vlan`])
})

test('a dead guest that always runs some file is a failure, even when the others can run the file', async () => {
  const newest = kernel('newest', vlanFeatures)
  const { failures } = await planOf([netlink, vlans], kernel('own', []), [
    newest,
    dead('old', 'panic', [vlans]),
  ])
  assert.equal(failures, ['old: does not run here. panic'])
})

test('a file that no kernel can run is named with its needs', async () => {
  const { runs, failures } = await planOf([netlink, vlans], kernel('own', []), [kernel('bare', [])])
  assert.equal(
    runs.map(({ items }) => items),
    [[netlink]],
  )
  assert.equal(failures, [`${vlans}: no kernel here has all that it needs: bridge vlan_filtering, link vlan`])
})

test('an item goes to the first kernel that has what it needs; a kernel without items is not started', async () => {
  const own = kernel('own', ['nft ip'])
  const second = kernel('second', ['nft ip', 'link vlan'])
  const needs = (item: string) => (item === 'any' ? [] : [item])
  assert.equal(await takeToFirst(['link vlan', 'any', 'nft ip'], needs, [own, second, unused]), {
    runs: [
      { kernel: own, items: ['any', 'nft ip'] },
      { kernel: second, items: ['link vlan'] },
    ],
    nowhere: [],
    dead: [],
  })
  assert.equal((await takeToFirst(['link team'], needs, [own])).nowhere, ['link team'])
})

test.run()
