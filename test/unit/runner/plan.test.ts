/** Which kernel runs what, with kernels that only say what they have. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { needsOf } from '../../guest/features.ts'
import type { Kernel } from '../../runner/kernels.ts'
import { planOf, takeToFirst } from '../../runner/plan.ts'

const vlans = 'test/kernel/bridge-vlan.test.ts'
const netlink = 'test/kernel/netlink.test.ts'
const vlanFeatures = ['bridge vlan_filtering', 'link vlan']

/** A kernel that answers the probe with its version and features. */
function kernel(name: string, features: string[], always: string[] = []): Kernel {
  return { name, always, run: async () => ({ output: ['7.2', ...features].join('\n'), status: 0 }) }
}

/** A kernel that cannot run at all. */
function dead(name: string, words: string, always: string[] = []): Kernel {
  return { name, always, run: async () => ({ output: words, status: undefined }) }
}

const unused: Kernel = { name: 'unused', run: () => Promise.reject(new Error('it was started')) }

const told: string[] = []
const { log } = console
test.before(() => {
  console.log = (line: string) => told.push(line)
})
test.before.each(() => void told.splice(0))
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

test('a need without a probe is an error, not a test that is never run', () => {
  assert.throws(() => needsOf('// needs: bridge vlan_filterin'), /no probe for: bridge vlan_filterin/)
})

test('a file runs on the machine’s own kernel and in the first guest, where these have all it needs', async () => {
  const own = kernel('own', ['link vlan'])
  const newest = kernel('newest', vlanFeatures)
  const plan = await planOf([netlink, vlans], own, [newest, unused])
  assert.equal(plan, {
    own: [netlink],
    guests: [{ kernel: newest, items: [netlink, vlans] }],
    failures: [],
  })
  assert.equal(told, ['own: Linux 7.2', 'newest: Linux 7.2'])
})

test('what the first guest lacks the second has, and that runs what it always runs', async () => {
  const newest = kernel('newest', [])
  const old = kernel('old', vlanFeatures, [netlink])
  assert.equal((await planOf([netlink, vlans], kernel('own', []), [newest, old])).guests, [
    { kernel: newest, items: [netlink] },
    { kernel: old, items: [netlink, vlans] },
  ])
})

test('a guest that dies is passed over with its kernel’s last words, and the next one takes its files', async () => {
  const old = kernel('old', vlanFeatures)
  const plan = await planOf([netlink, vlans], kernel('own', []), [dead('newest', 'panic: errno 14'), old])
  assert.equal(plan.guests, [{ kernel: old, items: [netlink, vlans] }])
  assert.equal(plan.failures, [])
  assert.equal(told[1], 'newest: does not run here. panic: errno 14')
})

test('when every guest dies, that is one failure with the last words, however many files want one', async () => {
  const guests = [dead('newest', 'panic: errno 14'), dead('old', 'panic: errno 15', [netlink])]
  const { own, failures } = await planOf([netlink, vlans], kernel('own', []), guests)
  assert.equal(own, [netlink])
  assert.is(failures.length, 1)
  for (const words of ['are left: 1', 'newest: does not run', 'errno 14', 'old: does not', 'errno 15'])
    assert.match(String(failures), words)
})

test('a file that the guest that runs cannot take is named, whether or not another guest is dead', async () => {
  const guests = [dead('newest', 'panic'), kernel('old', [])]
  const { failures } = await planOf([vlans], kernel('own', []), guests)
  assert.equal(failures, [`${vlans}: no kernel here has all that it needs: bridge vlan_filtering, link vlan`])
})

test('a dead guest that always runs some file is a failure, even when the others do without it', async () => {
  const newest = kernel('newest', vlanFeatures)
  const { failures } = await planOf([netlink, vlans], kernel('own', []), [
    newest,
    dead('old', 'panic', [vlans]),
  ])
  assert.equal(failures, ['old: does not run here. panic'])
})

test('a file that no kernel can run is named with its needs', async () => {
  const { guests, failures } = await planOf([netlink, vlans], kernel('own', []), [kernel('bare', [])])
  assert.equal(guests[0]?.items, [netlink])
  assert.equal(failures, [`${vlans}: no kernel here has all that it needs: bridge vlan_filtering, link vlan`])
})

test('an item goes to the first kernel that has what it needs; a kernel with nothing to do is not started', async () => {
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
