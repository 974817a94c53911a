/** Bugs that are put in by hand: the walk finds each, and tells how it comes about. */

import { test } from '../harness/test.ts'
import { boundsOf, oneAddress, stickyNetwork, takeover, twoSets } from './bounds.ts'
import { type Bug, testBugs } from './found.ts'
import { linux } from './kernel.ts'
import { loadProduct } from './load.ts'
import { walk } from './walk.ts'
import type { Bounds } from './world.ts'

const hostLocal = 'shared/ipam/host-local'
const twoAtOnce = boundsOf({ whole: 1, calls: 2 }, { atOnce: 2 })
const sticky = { network: stickyNetwork }
const lost = /the next container with the key of [ab] gets .*, not 10.0.0/

const bugs: Record<string, Bug<Bounds>> = {
  'the lock keeps no process out': {
    edits: [],
    bounds: { ...twoAtOnce, verbs: ['ADD', 'DEL'], traits: { ...linux, hasLocks: false } },
    rule: /the index counts as current/,
    story: [/is started/, /: flock/, /is started/, /: flock/, /: utimensat/],
  },
  'a record is published over another one, the lock keeps no process out, and there is no index': {
    edits: [
      { file: `${hostLocal}/index.ts`, from: 'if (isValid) write(changes)', to: '' },
      {
        file: 'shared/kernel/draft.ts',
        from: 'publish: (path) => give(fd, path)',
        to: 'publish: (path) => (syscall("unlinkat", AT_FDCWD, cstring(path), 0), give(fd, path))',
      },
    ],
    bounds: { ...twoAtOnce, network: oneAddress, verbs: ['ADD'], traits: { ...linux, hasLocks: false } },
    rule: /[ab] has 10.0.0.2, whose record is/,
    story: [/^ADD [ab]: linkat .*10.0.0.2/, /^ADD [ab]: unlinkat net\/10.0.0.2/],
  },
  'DEL releases the addresses of the previous result without a look at their holder': {
    edits: [
      {
        file: `${hostLocal}/store.ts`,
        from: 'return reservations.filter((reservation) => isHeldBy(reservation, holder))',
        to: 'return reservations',
      },
    ],
    bounds: boundsOf({ whole: 4 }, { network: oneAddress, passesResult: true }),
    rule: /ADD a fails: 10.0.0.2 has been allocated to a/,
    story: [/^ADD a runs/, /^DEL a runs/, /^ADD b runs/, /^ADD a runs/],
  },
  'after a boot, the index of the boot before counts as current': {
    edits: [
      {
        file: `${hostLocal}/index.ts`,
        from: "bootId() ?? 'unknown-boot'",
        to: "'00000000-0000-4000-8000-1'",
      },
    ],
    bounds: boundsOf({ whole: 2, boots: 1 }, { network: oneAddress, losses: ['emptied'] }),
    rule: /after DEL of all containers 10.0.0.2 is reserved/,
    story: [/^ADD a/, /the machine boots/],
  },
  'a record that a power loss left empty counts as taken': {
    edits: [
      {
        file: `${hostLocal}/records.ts`,
        from: 'address released`)\n    remove(',
        to: 'address released`)\n    String(',
      },
    ],
    bounds: boundsOf({ whole: 1, boots: 1 }, { losses: ['emptied'] }),
    rule: /GC then leaves 10.0.0.2/,
    story: [/^ADD a/, /the machine boots/],
  },
  'the record of a sticky address is not synced to disk': {
    edits: [
      { file: `${hostLocal}/reserve.ts`, from: 'recordOf(holder), isSticky)', to: 'recordOf(holder))' },
    ],
    bounds: boundsOf({ whole: 2, boots: 1 }, { ...sticky, losses: ['emptied'] }),
    rule: lost,
    story: [/^ADD/, /the machine boots/],
  },
  'the record of an address that is kept after DEL is not synced to disk': {
    edits: [{ file: 'shared/kernel/durable.ts', from: 'name)\n  syncFile(fd, name)', to: 'name)' }],
    bounds: boundsOf({ whole: 4, boots: 1 }, { ...sticky, verbs: ['ADD', 'DEL'], losses: ['zeroed'] }),
    rule: lost,
    story: [/^DEL/, /the machine boots/],
  },
  'the sticky key is not synced to disk': {
    edits: [
      {
        file: `${hostLocal}/sticky.ts`,
        from: '...entry]) sync',
        to: '...entry.slice(0, 2)]) sync',
      },
    ],
    bounds: boundsOf({ whole: 2, boots: 1 }, { ...sticky, losses: ['emptied'] }),
    rule: lost,
    story: [/^ADD/, /the machine boots/],
  },
  'the sticky keys are not synced to disk when the index is made anew': {
    edits: [{ file: `${hostLocal}/base.ts`, from: ') sync(temporary)', to: ') {}' }],
    bounds: boundsOf({ whole: 3, boots: 1 }, { ...sticky, losses: ['zeroed'] }),
    rule: lost,
    story: [/^ADD/, /the machine boots/],
  },
  'the name of a sticky address is not synced to disk': {
    edits: [{ file: `${hostLocal}/sticky.ts`, from: '/.`, ...entry])', to: '/none`, ...entry.slice(2)])' }],
    bounds: boundsOf({ whole: 2, boots: 1 }, { ...sticky, losesNames: true }),
    rule: lost,
    story: [/^ADD/, /the machine boots.* changes of names are lost/],
  },
  'a record is written under its name': {
    edits: [
      {
        file: 'shared/kernel/draft.ts',
        from: 'publish: (path) => give(fd, path)',
        to: 'publish: (path) => (overwrite(path, text), true)',
      },
      {
        file: 'shared/kernel/draft.ts',
        from: "import { Errno, KernelError } from './errno.ts'",
        to: "import { Errno, KernelError } from './errno.ts'\nimport { overwrite } from './in-place.ts'",
      },
    ],
    bounds: boundsOf({ calls: 1, crashes: 1 }),
    rule: /the record of 10.0.0.2 is ""/,
    story: [/openat net\/10.0.0.2/],
  },
  'the index is marked as current before it is written': {
    edits: [
      {
        file: `${hostLocal}/index.ts`,
        from: '    for (const [name, entry] of entries) writeEntry(root, name, entry)\n',
        to: '    markCurrent(directory, root)\n    for (const [name, entry] of entries) writeEntry(root, name, entry)\n',
      },
    ],
    bounds: boundsOf({ whole: 1, calls: 1, crashes: 1 }),
    rule: /the index counts as current/,
    story: [/utimensat/],
  },
  'DEL leaves the address marked as taken': {
    edits: [{ file: `${hostLocal}/store.ts`, from: '  index.mark(reservation.address, false)\n', to: '' }],
    bounds: boundsOf({ whole: 2 }),
    rule: /after DEL of all containers ADD number 2 fails/,
    story: [/^ADD a/],
  },
  'an ADD that fails in the second range set keeps the address of the first': {
    edits: [
      { file: `${hostLocal}/reserve.ts`, from: 'for (const inverse of undo.reverse()) inverse()', to: '' },
    ],
    bounds: boundsOf({ whole: 2 }, { network: twoSets }),
    rule: /b is gone and still has 10.0.0.3/,
    story: [/^ADD a/, /^ADD b.*11/],
  },
  'the index is rebuilt in place': {
    edits: [
      {
        file: `${hostLocal}/base.ts`,
        from: 'overwrite(temporary,',
        to: 'overwrite(path, ""), overwrite(path,',
      },
      { file: `${hostLocal}/base.ts`, from: '  rename(temporary, path)\n', to: '' },
    ],
    bounds: boundsOf({ whole: 1, calls: 1, boots: 1, touches: 1 }, sticky),
    rule: lost,
    story: [/^ADD/, /another program changes/, /: openat .*base/, /the machine boots/],
  },
  'the entries are removed before the new ones are there': {
    edits: [
      {
        file: `${hostLocal}/attachments.ts`,
        from: '  const notInBase = writeBase(',
        to: '  removeTree(linksIn(root))\n  const notInBase = writeBase(',
      },
    ],
    bounds: boundsOf({ whole: 2, calls: 1, boots: 1, touches: 1 }, sticky),
    rule: lost,
    story: [/^ADD/, /another program changes/, /: unlinkat .*attachments/, /the machine boots/],
  },
  'GC begins at a time that files get only after the next tick': {
    edits: [
      {
        file: 'shared/kernel/clock.ts',
        from: 'return read(CLOCK_REALTIME_COARSE)',
        to: 'return read(CLOCK_REALTIME)',
      },
    ],
    bounds: boundsOf({ calls: 2 }, { atOnce: 2 }),
    rule: /a has 10.0.0.2, whose record is gone/,
    story: [/^GC is started/, /^ADD a is started/, /^GC: unlinkat net\/10.0.0.2/],
  },
  'GC does not compare the bitmaps with the records': {
    edits: [{ file: `${hostLocal}/open.ts`, from: ' && pagesAgree(root, all)', to: '' }],
    bounds: boundsOf({ whole: 1 }),
    rule: /with damaged bitmaps: the index counts as current and calls 10.0.0.3 taken/,
    story: [/^ADD a/],
  },
  'GC does not look at the time of a record': {
    edits: [{ file: `${hostLocal}/end.ts`, from: ' && !isSince(directory, one, begun)', to: '' }],
    bounds: takeover,
    rule: /a has 10.0.0.2, whose record is "sticky:a/,
    story: [/^DEL a runs/, /^GC is started/, /^ADD a: renameat2 /, /^GC: renameat2 /],
  },
}

testBugs(bugs, async (edits, bounds) => walk(await loadProduct(edits), bounds))

test.run()
