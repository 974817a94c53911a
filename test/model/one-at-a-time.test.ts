/** host-local, one process at a time: all orders of calls, with kills and boots at any place. */

import { test } from '../harness/test.ts'
import { boundsOf, isFull, oneAddress, stickyNetwork } from './bounds.ts'
import { testWalks } from './whole.ts'

const withReference = ['ADD', 'DEL', 'GC', 'reference ADD', 'reference DEL'] as const
const losses = ['kept', 'emptied', 'zeroed'] as const
const three = ['a', 'b', 'c']

testWalks({
  'any number of calls of two containers for two addresses, and a lost index': boundsOf(
    { whole: Infinity, indexLosses: 1 },
    { passesResult: true },
  ),
  'any four calls of ours and of the reference, a boot and a lost index': boundsOf(
    { whole: 4, boots: 1, indexLosses: 1 },
    { containers: three, verbs: withReference },
  ),
  'two calls, one kill, and a boot that may lose what was not synced': boundsOf(
    { calls: 2, crashes: 1, boots: 1 },
    { losses },
  ),
  'a call, then two for one address, two kills': boundsOf(
    { whole: 1, calls: 2, crashes: 2 },
    { network: oneAddress },
  ),
  'sticky addresses: a call, then one that is killed, and a boot': boundsOf(
    { whole: 1, calls: 1, crashes: 1, boots: 1 },
    { network: stickyNetwork },
  ),
  'sticky addresses: a change by another program, a call that is killed, and a boot': boundsOf(
    { whole: 1, calls: 1, crashes: 1, boots: 1, touches: 1 },
    { network: stickyNetwork },
  ),
  'two calls, and a power loss that takes back names, too': boundsOf(
    { whole: 1, calls: 1, boots: 1 },
    { losses, losesNames: true },
  ),
  'sticky addresses: two calls, and a power loss that takes back names, too': boundsOf(
    { whole: 1, calls: 1, boots: 1 },
    { network: stickyNetwork, losses, losesNames: true },
  ),
})

if (isFull)
  testWalks({
    'full: any number of calls of three containers for two addresses, and a lost index': boundsOf(
      { whole: Infinity, indexLosses: 1 },
      { containers: three, passesResult: true },
    ),
    'full: any five calls of ours and of the reference, a boot and a lost index': boundsOf(
      { whole: 5, boots: 1, indexLosses: 1 },
      { containers: three, verbs: withReference },
    ),
    'full: three calls, one kill, and a boot that may lose what was not synced': boundsOf(
      { calls: 3, crashes: 1, boots: 1 },
      { losses },
    ),
    'full: sticky addresses: a power loss, and another one in the first call after it': boundsOf(
      { whole: 1, calls: 1, boots: 2 },
      { network: stickyNetwork, losses: ['emptied'], losesNames: true },
    ),
    'full: sticky addresses: a call, then two of which one is killed, and a boot': boundsOf(
      { whole: 1, calls: 2, crashes: 1, boots: 1 },
      { network: stickyNetwork, losses },
    ),
  })

test.run()
