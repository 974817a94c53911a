/** host-local, two processes at once: all interleavings, with a kill at any place. */

import { test } from '../harness/test.ts'
import { boundsOf, isFull, oneAddress, stickyNetwork, takeover, twoSets } from './bounds.ts'
import { linux } from './kernel.ts'
import { testWalks } from './whole.ts'

const withReference = ['ADD', 'DEL', 'reference ADD', 'reference DEL'] as const

testWalks({
  'two calls at once after any first call, and one kill': boundsOf(
    { whole: 1, calls: 2, crashes: 1 },
    { atOnce: 2 },
  ),
  'two calls at once where nothing exists yet, on a file system without O_TMPFILE': boundsOf(
    { calls: 2 },
    { atOnce: 2, traits: { ...linux, hasModernCalls: false } },
  ),
  'two calls at once of a network with two range sets': boundsOf(
    { whole: 1, calls: 2 },
    { atOnce: 2, network: twoSets, verbs: ['ADD'] },
  ),
  'one call of ours and one of the reference at once': boundsOf(
    { calls: 2 },
    { atOnce: 2, verbs: withReference },
  ),
  'sticky addresses: one is taken over while GC runs with a list from before': takeover,
})

if (isFull)
  testWalks({
    'full: two calls at once of three containers after any first call, and one kill': boundsOf(
      { whole: 1, calls: 2, crashes: 1 },
      { atOnce: 2, containers: ['a', 'b', 'c'], passesResult: true },
    ),
    'full: two calls at once for one address after any first call, and one kill': boundsOf(
      { whole: 1, calls: 2, crashes: 1 },
      { atOnce: 2, network: oneAddress },
    ),
    'full: two calls at once after any first call, and a tick of the clock at any place of GC': boundsOf(
      { whole: 1, calls: 2, ticks: 1 },
      { atOnce: 2 },
    ),
    'full: two calls at once without O_TMPFILE, and one kill': boundsOf(
      { calls: 2, crashes: 1 },
      { atOnce: 2, traits: { ...linux, hasModernCalls: false } },
    ),
    'full: two calls at once of two range sets, and one kill': boundsOf(
      { calls: 2, crashes: 1 },
      { atOnce: 2, network: twoSets },
    ),
    'full: two calls at once with sticky addresses, and one kill': boundsOf(
      { calls: 2, crashes: 1 },
      { atOnce: 2, network: stickyNetwork },
    ),
    'full: ours and the reference at once, and one kill': boundsOf(
      { calls: 2, crashes: 1 },
      { atOnce: 2, verbs: withReference },
    ),
  })

test.run()
