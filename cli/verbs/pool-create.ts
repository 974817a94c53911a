/** `patchbay pool create`: writes a pool to the store. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { dryRun, poolWord, rangeFlag, storeFlag } from '../pool/flags.ts'

export const poolCreate: Verb = {
  summary: 'creates a pool of addresses, of which hosts claim blocks',
  text: [
    'A range is a subnet, and what is particular about it: 10.1.0.0/16,gateway=10.1.0.254 or 10.1.0.0/16,start=10.1.1.0,end=10.1.9.255,exclude=10.1.5.0/24 with any number of exclude. Without these the gateway is the first address, and all others are given. A container gets an address of each family that the pool has.',
    'A host claims whole blocks: of /26 and /122, so 64 addresses, by default. Small blocks leave less unused, large ones are claimed less often. The same pool once more is no fault; another one of the name is, and one that shares addresses with another pool, or with blocks that hosts hold.',
  ],
  words: [poolWord],
  flags: {
    ...rangeFlag('A range; the flag may be given several times.'),
    '--block-size': {
      ...{ takes: 'one', value: 'LENGTH' },
      means: 'Prefix length of the IPv4 blocks, 8 to 32. Default: 26.',
    },
    '--block-size6': {
      ...{ takes: 'one', value: 'LENGTH' },
      means: 'Prefix length of the IPv6 blocks, 48 to 128. Default: 122.',
    },
    ...dryRun,
    ...storeFlag,
  },
  answers: true,
  example: {
    call: 'pool create blue --range 10.1.0.0/16 --range fd00:1::/64',
    does: 'one subnet of each family for the containers of all hosts',
  },
  run: (call) => work.create(call),
}
