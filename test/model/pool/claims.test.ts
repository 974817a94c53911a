/** The claim protocols: all interleavings of hosts, with lost answers, late transactions, kills, restores, and what befalls hosts. */

import { test } from '../../harness/test.ts'
import { isFull } from '../bounds.ts'
import {
  boundsOf,
  largerBlocks,
  oneHost,
  threeBlocks,
  threeHosts,
  twoNetworks,
  withOperator,
  withSingles,
  withSizes,
} from './bounds.ts'
import { testWalks } from './whole.ts'

testWalks({
  'two hosts claim and give back three times': boundsOf({ works: 3 }),
  'three hosts claim and give back twice, while a container comes and goes': boundsOf(
    { works: 2, adds: 1 },
    { ...threeHosts, works: ['claim', 'give back', 'beat'] },
  ),
  'two protocols, while a container comes and goes, two answers are lost, and transactions arrive late':
    boundsOf({
      works: 2,
      adds: 1,
      lost: 2,
    }),
  'two protocols, one is killed at any step, and an answer is lost': boundsOf({
    works: 2,
    lost: 1,
    crashes: 1,
    adds: 1,
  }),
  'one host, three protocols, two answers are lost, one is killed': boundsOf(
    { works: 3, lost: 2, crashes: 1, adds: 1 },
    oneHost,
  ),
  'two networks of a host, and an answer is lost': boundsOf({ works: 2, adds: 1, lost: 1 }, twoNetworks),
  'two protocols for blocks of two addresses, with two containers': boundsOf(
    { works: 2, adds: 2 },
    largerBlocks,
  ),
  'two hosts begin their search at any of four blocks': boundsOf(
    { works: 2, adds: 1 },
    { ...threeBlocks, starts: [0, 1, 3] },
  ),
  'an address in the block of another host: asked, granted, taken back': boundsOf({ works: 3 }, withSingles),
  'members of etcd lag behind, and count an entry late': boundsOf({ works: 2, skews: 2 }),
  'etcd is restored from a backup at any time': boundsOf({ works: 2, adds: 1, backups: 1, restores: 1 }),
  'the data directory of etcd is copied back at any time': boundsOf({
    works: 2,
    adds: 1,
    backups: 1,
    copies: 1,
  }),
  'a host ends, and the operator releases it': boundsOf(
    { works: 2, adds: 1, lost: 1, deaths: 1 },
    withOperator,
  ),
  'a host is installed anew under its name': boundsOf({ works: 2, adds: 1, reinstalls: 1 }, withOperator),
  'a host is installed anew under its name, and the release is killed': boundsOf(
    { works: 2, reinstalls: 1, crashes: 1 },
    withOperator,
  ),
  'a host is cut off, and released while it lives': boundsOf({ works: 2, adds: 1, cuts: 1 }, withOperator),
  'the pool is made smaller': boundsOf({ works: 2, adds: 1 }, { works: ['claim', 'give back', 'shrink'] }),
  'the pool is deleted': boundsOf({ works: 2, adds: 1 }, { works: ['claim', 'delete'] }),
  'a host is copied with its disk': boundsOf({ works: 2, adds: 1, clones: 1 }),
  'a host is copied, and the first block is another host’s': boundsOf(
    { works: 2, clones: 1, adds: 1 },
    { ...oneHost, subnet: '10.0.0.0/31', isFirstTaken: true },
  ),
  'a host loses host.json': boundsOf({ works: 2, adds: 1, memories: 1 }),
})

if (isFull)
  testWalks({
    'full: three protocols, a container, and an answer is lost': boundsOf({ works: 3, adds: 1, lost: 1 }),
    'full: three protocols, a container, and one is killed': boundsOf({ works: 3, adds: 1, crashes: 1 }),
    'full: three hosts, three protocols': boundsOf({ works: 3, adds: 1 }, threeHosts),
    'full: four steps of wishes': boundsOf({ works: 4 }, withSingles),
    'full: three steps of wishes, and an answer is lost': boundsOf({ works: 3, lost: 1 }, withSingles),
    'full: one host, four protocols, two answers are lost, one is killed': boundsOf(
      { works: 4, lost: 2, crashes: 1, adds: 1 },
      oneHost,
    ),
    'full: three protocols and a restore': boundsOf({ works: 3, backups: 1, restores: 1 }),
    'full: a restore, a lost answer, a container': boundsOf({
      works: 2,
      adds: 1,
      lost: 1,
      backups: 1,
      restores: 1,
    }),
    'full: a host that was released enters, and the block size of its pool changes': boundsOf(
      { works: 4 },
      withSizes,
    ),
    'full: a host is released while it lives, and etcd is restored': boundsOf(
      { works: 2, backups: 1, restores: 1 },
      { ...oneHost, works: ['claim', 'release'] },
    ),
    'full: two restores': boundsOf({ works: 2, backups: 2, restores: 2 }),
    'full: a copied host, and three protocols': boundsOf({ works: 3, clones: 1 }),
    'full: one host is cut off and released, three protocols': boundsOf(
      { works: 3, adds: 1, cuts: 1 },
      { ...oneHost, works: ['claim', 'give back', 'release'] },
    ),
  })

test.run()
