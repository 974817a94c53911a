/** What changes of the store ask of the pool part, and which memory the agent gives back. */

import * as assert from 'uvu/assert'
import { unchangedMappings } from '../../../../cli/agent/lean.ts'
import { allDuties, both, noDuties } from '../../../../cli/agent/pool/duties.ts'
import { askedBy, spansOf } from '../../../../cli/agent/pool/events.ts'
import { keysBelow } from '../../../../shared/store/keys.ts'
import { test } from '../../../harness/test.ts'

const [mine, theirs] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
const definition = { id: theirs, ranges: [{ subnet: '10.1.0.0/20' }], blockSize: { ipv4: 26, ipv6: 122 } }
const holdings = {
  ...{ network: 'n', dataDir: '/d', id: mine, pool: 'blue', store: theirs, singles: [], definition },
  blocks: [{ block: '10.1.0.64/26', state: 'held' as const, modified: 5 }],
}
const viewer = { host: 'one', id: mine, epoch: mine, nonces: ['n', undefined], holdings: [holdings] }

/** What a change to these values asks for; undefined: the key was removed. */
function asked(name: string, ...values: (object | string | undefined)[]) {
  const changes = values.map((value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return {
      key: 'k',
      ...(value !== undefined && { entry: { key: 'k', value: text, created: 1, modified: 1 } }),
    }
  })
  const { enter, reread, grant, takeBack } = askedBy(name, changes, viewer)?.duties ?? {}
  return [enter && 'enter', reread && 'reread', grant && 'grant', takeBack && 'take back']
    .filter(Boolean)
    .join()
}

test('the epoch, the pools in use and the keys of what is held are followed, and no other block', () => {
  const spans = spansOf(keysBelow('/p/'), 'one', [holdings])
  assert.equal(
    [...spans.values()].map(({ from }) => from),
    ['/p/epoch', '/p/hosts/one', '/p/pools/blue', '/p/singles/blue/', '/p/blocks/blue/4/0a010040'],
  )
})

test('another epoch has it enter, and so does one that cannot be read', () => {
  const epoch = { store: theirs, id: mine, offset: 0, state: 'open', since: 'now' }
  assert.is(asked('epoch', epoch), '')
  assert.is(asked('epoch', { ...epoch, id: theirs }), 'enter')
  for (const value of [undefined, '', '{}', 'null']) assert.is(asked('epoch', value), 'enter')
})

test('a write to this host’s key that is not its own has it enter: another host may have its identity', () => {
  const own = { id: mine, epoch: mine, counter: 4, nonce: 'n', seen: 'now' }
  assert.is(asked('host', own), '')
  for (const value of [undefined, { ...own, nonce: 'm' }, { ...own, id: theirs }, '{}'])
    assert.is(asked('host', value), 'enter')
})

test('a definition is read again when it is not the one of the files', () => {
  assert.is(asked('pool blue', definition), '')
  assert.is(asked('pool blue', { ...definition, closing: true }), 'reread')
  assert.is(asked('pool blue', undefined), 'reread')
  assert.is(asked('pool green', undefined), '')
})

test('a key of a block that is gone or another host’s has it enter', () => {
  const block = { block: '10.1.0.64/26', host: 'one', id: mine, network: 'n', since: 'now' }
  assert.is(asked('block /p/blocks/blue/4/0a010040', block), '')
  for (const value of [undefined, { ...block, id: theirs }, '{']) assert.is(asked('block k', value), 'enter')
})

test('a wish is this host’s matter when it is the owner; a key that is gone may free an address', () => {
  const wish = {
    ...{ address: '10.1.0.70', host: 'two', id: theirs, network: 'n', owner: 'one' },
    ...{ state: 'asked', since: 'now' },
  }
  assert.is(asked('singles blue', wish), 'grant,take back')
  for (const other of [{ ...wish, owner: 'three' }, { ...wish, state: 'granted' }, '{"owner":"one"}', 'one'])
    assert.is(asked('singles blue', other), '')
  assert.is(asked('singles blue', undefined), 'take back')
  assert.is(asked('singles blue', { ...wish, owner: 'three' }, wish, 'x'), 'grant,take back')
})

test('duties are joined, and none is forgotten', () => {
  const all = allDuties(['blue', 'green'])
  assert.equal(both(noDuties, {}), noDuties)
  assert.equal(both(noDuties, all), all)
  assert.equal(both(all, { grant: new Set(['red']) }).grant, new Set(['blue', 'green', 'red']))
})

const mapping = (range: string, mode: string, path: string, anonymous = 0) =>
  `${range} ${mode} 00000000 08:01 123    ${path}
Size:               4096 kB
Private_Dirty:         ${anonymous} kB
Anonymous:             ${anonymous} kB
VmFlags: rd ex mr mw me
`

test('only pages that are exactly the executable’s are given back', () => {
  const smaps = [
    mapping('00400000-00500000', 'r-xp', '/bin/patchbay'),
    mapping('00500000-00600000', 'r--p', '/bin/patchbay'),
    mapping('00600000-00700000', 'r--p', '/bin/patchbay', 8),
    mapping('00700000-00800000', 'rw-p', '/bin/patchbay'),
    mapping('7f0000000000-7f0000001000', 'r-xp', '/lib/libc.so.6'),
    '7f0000002000-7f0000003000 rw-p 00000000 00:00 0 \nAnonymous: 0 kB\nPrivate_Dirty: 0 kB\n',
  ].join('')
  assert.equal(unchangedMappings(smaps, '/bin/patchbay'), [
    { start: 0x400000n, length: 0x100000n },
    { start: 0x500000n, length: 0x100000n },
  ])
})

test.run()
