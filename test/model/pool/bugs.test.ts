/** Bugs that are put into the claim protocols by hand: the walk finds each, and tells how it comes about. */

import { test } from '../../harness/test.ts'
import { type Bug, testBugs } from '../found.ts'
import { boundsOf, oneHost, withOperator, withSingles, withSizes } from './bounds.ts'
import { loadClaims } from './load.ts'
import { walk } from './walk.ts'
import type { Bounds } from './world.ts'

const claims = 'shared/store/claims'
const withRestore = { backups: 1, restores: 1 }

const bugs: Record<string, Bug<Bounds>> = {
  'a block is claimed although its key exists': {
    edits: [{ file: `${claims}/claim.ts`, from: '      { key, created: 0 },\n', to: '' }],
    bounds: boundsOf({ works: 2 }),
    rule: /host[AB] holds 10.0.0.0\/32, whose key names host[AB]/,
    story: [/claim .*begins/, /put blocks.*done/, /put blocks.*done/],
  },
  'the block is not noted before the transaction is sent': {
    edits: [{ file: `${claims}/claim.ts`, from: '  yield* holdIn(session, noted)\n', to: '' }],
    bounds: boundsOf({ works: 1, crashes: 1 }),
    rule: /at rest: .*10.0.0.0\/32 is lost/,
    story: [/killed after it has sent: .*put blocks/],
  },
  'a transaction does not require the key of its host': {
    edits: [
      {
        file: `${claims}/chain.ts`,
        from: '      { key: own.key, modified: session.own.modified },\n',
        to: '',
      },
    ],
    bounds: boundsOf({ works: 2, lost: 1 }),
    rule: /at rest: .*is lost/,
    story: [/put blocks.*no answer/, /begins/],
  },
  'a removal requires neither the revision of the block nor the key of its host': {
    edits: [
      {
        file: `${claims}/remove.ts`,
        from: 'import { leave, type Protocol }',
        to: 'import { leave, transact, type Protocol }',
      },
      { file: `${claims}/remove.ts`, from: 'yield* write(session, {', to: 'yield* transact({' },
      { file: `${claims}/remove.ts`, from: 'when: [{ key, modified }],', to: 'when: [],' },
    ],
    bounds: boundsOf({ works: 3, lost: 1 }, oneHost),
    rule: /hostA holds 10.0.0.0\/32, whose key names undefined/,
    story: [/remove blocks.*no answer/, /put blocks.*done/, /late transaction arrives: .*remove/],
  },
  'a block that is leaving is held again': {
    edits: [
      {
        file: `${claims}/settle.ts`,
        from: "heldOf(part).state === 'claiming' && 'block' in part",
        to: "'block' in part",
      },
    ],
    bounds: boundsOf({ works: 3, lost: 1 }),
    rule: /uses 10.0.0.0\/32 again, which was leaving/,
    story: [/says 10.0.0.0\/32 leaving/, /no answer/],
  },
  'a block goes back although a container has an address of it': {
    edits: [
      {
        file: `${claims}/remove.ts`,
        from: 'if (!(yield* leave(changedHoldings, nameOf(part)))) return false',
        to: 'yield* holdIn(session, changedHoldings)',
      },
    ],
    bounds: boundsOf({ works: 2, adds: 1 }),
    rule: /gives 10.0.0.0, which is in nothing/,
    story: [/give back .*begins/, /a container .* gets 10.0.0.0/],
  },
  'the search for a block replaces the note of one that the network holds': {
    edits: [
      {
        file: `${claims}/claim.ts`,
        from: "one.block === text && one.state !== 'claiming'",
        to: "one.block === text && one.state === 'leaving'",
      },
    ],
    bounds: boundsOf({ works: 2 }),
    rule: /at rest: 1 blocks of 2 are claimed/,
    story: [/says 10.0.0.0\/32 held/],
  },
  'a restore of etcd is not noticed': {
    edits: [
      {
        file: `${claims}/epoch.ts`,
        from: 'if (!(yield* seemsRestored(epoch))) return false',
        to: 'if (epoch) return false',
      },
    ],
    bounds: boundsOf({ works: 2, ...withRestore }),
    rule: /10.0.0.0\/32 is held by host[AB].* and by host[AB]/,
    story: [/a backup/, /put blocks.*done/, /restored/, /put blocks.*done/],
  },
  'a restore between the look and the transaction is not noticed': {
    edits: [
      {
        file: `${claims}/epoch.ts`,
        from: '  if (yield* isRestored(session.host, session.epoch)) throw restored()\n',
        to: '',
      },
    ],
    bounds: boundsOf({ works: 2, ...withRestore }),
    rule: /10.0.0.0\/32 is held by host[AB].* and by host[AB]/,
    story: [/status/, /restored/, /put blocks.*done/],
  },
  'a transaction does not require the epoch': {
    edits: [
      {
        file: `${claims}/chain.ts`,
        from: '      { key: keys.epoch, modified: session.epoch.modified },\n',
        to: '',
      },
    ],
    bounds: boundsOf({ works: 2, ...withRestore }, { works: ['claim', 'enter'] }),
    rule: /is claimed by host[AB] in a closed epoch/,
    story: [/restored/, /put epoch: done/, /put blocks/],
  },
  'blocks are claimed in a closed epoch': {
    edits: [
      {
        file: `${claims}/epoch.ts`,
        from: "if (epoch.value.state === 'closed') throw",
        to: 'if (!epoch) throw',
      },
    ],
    bounds: boundsOf({ works: 1, ...withRestore }),
    rule: /is claimed by host[AB] in a closed epoch/,
    story: [/restored/, /put epoch: done/, /put blocks/],
  },
  'a claim that was noted before a restore counts': {
    edits: [{ file: `${claims}/settle.ts`, from: 'if (isClaimed && isConfirmed) {', to: 'if (isClaimed) {' }],
    bounds: boundsOf({ works: 2, ...withRestore }, { works: ['claim'] }),
    rule: /at rest: host[AB] calls 10.0.0.0\/32 disputed/,
    story: [/claiming/, /restored/, /put blocks.*done/],
  },
  'the offset of a member that lags behind is believed': {
    edits: [
      {
        file: `${claims}/epoch.ts`,
        from: "if (revision < modified) throw new StoreAway('the member of etcd that answered lags behind')",
        to: '',
      },
      { file: `${claims}/epoch.ts`, from: 'appliedIndex + 1 - revision', to: 'appliedIndex - revision' },
    ],
    bounds: boundsOf({ works: 1, skews: 2 }),
    rule: /the epoch is closed, and etcd was not restored/,
    story: [/status/],
  },
  'a transaction whose nonce is there counts, whatever else it was to write': {
    edits: [
      {
        file: `${claims}/chain.ts`,
        from: 'if (own.value.nonce === nonce && !parts.do) {',
        to: 'if (own.value.nonce === nonce) {',
      },
    ],
    bounds: boundsOf(
      { works: 2, clones: 1 },
      { ...oneHost, subnet: '10.0.0.0/31', works: ['claim'], isFirstTaken: true },
    ),
    rule: /hostA holds 10.0.0.1\/32, whose key names undefined/,
    story: [/is copied to another host/, /put hosts/],
  },
  'each try has a new nonce': {
    edits: [
      {
        file: `${claims}/chain.ts`,
        from: 'memoryOf(session.memory, session.epoch.value.store)?.next ?? fresh()',
        to: 'fresh()',
      },
    ],
    bounds: boundsOf({ works: 2, lost: 1, crashes: 1 }, { works: ['beat'] }),
    rule: /takes itself for a copied host/,
    story: [/no answer|sent/, /late transaction arrives/],
  },
  'the nonce is not looked at': {
    edits: [
      {
        file: `${claims}/identity.ts`,
        from: 'return nonce !== before.nonce &&',
        to: 'return nonce === undefined &&',
      },
    ],
    bounds: boundsOf({ works: 2, clones: 1 }, { works: ['claim'] }),
    rule: /at rest: .*10.0.0.0\/32/,
    story: [/is copied to another host/],
  },
  'an address is granted without a reservation': {
    edits: [
      {
        file: `${claims}/grant.ts`,
        from: 'yield* reserve(reserving)',
        to: "{ done: true, reason: '' }",
      },
    ],
    bounds: boundsOf({ works: 3 }, withSingles),
    rule: /10.0.0.0 was granted to host[AB], and is not reserved/,
    story: [/asked/, /put singles/],
  },
  'a claim does not require the pool': {
    edits: [
      { file: `${claims}/claim.ts`, from: '      { key: pool.key, modified: pool.modified },\n', to: '' },
    ],
    bounds: boundsOf({ works: 2 }, { works: ['claim', 'delete'] }),
    rule: /is claimed, which is not in the pool|of a pool that is being deleted/,
    story: [/claim .*begins/, /put pools/, /put blocks.*done/],
  },
  'release leaves the key of the host': {
    edits: [
      { file: `${claims}/release.ts`, from: '  if (first.own) {', to: '  if (!first.name) {' },
      { file: `${claims}/release.ts`, from: 'when: [asSeen, ', to: 'when: [' },
    ],
    bounds: boundsOf({ works: 1, reinstalls: 1 }, withOperator),
    rule: /at rest: (hostA2 cannot enter|release does not end well)/,
    story: [/installed anew/],
  },
  'a released host claims its block again without a look at the pool': {
    edits: [
      { file: `${claims}/again.ts`, from: "if ('block' in part && size", to: "if ('single' in part && size" },
    ],
    bounds: boundsOf({ works: 4 }, withSizes),
    rule: /10.0.0.0\/32 is claimed, and the pool has blocks of \/31/,
    story: [/put blocks.*done/, /remove hosts.*done/, /put pools/, /put blocks.*done/],
  },
  'a block is claimed again although a pool has changed meanwhile': {
    edits: [{ file: `${claims}/confirm.ts`, from: 'when: [...when, ', to: 'when: [' }],
    bounds: boundsOf({ works: 4 }, withSizes),
    rule: /10.0.0.0\/32 is claimed, and the pool has blocks of \/31/,
    story: [/remove hosts.*done/, /put pools/, /put blocks.*done/],
  },
}

testBugs(bugs, async (edits, bounds) => walk(await loadClaims(edits), bounds))

test.run()
