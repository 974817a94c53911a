import * as assert from 'uvu/assert'
import { type Entry, formatEntry, parseEntry } from '../../../shared/ipam/host-local/entries.ts'
import { test } from '../../harness/test.ts'

const whole: Entry = {
  netns: { path: '/run/netns/één', inode: '4026532000' },
  sticky: 'web-0',
  addresses: { '10.1.2.3': '1764185230000000000' },
}

test('an entry is read as it was written', () => {
  for (const entry of [whole, { addresses: {} }]) assert.equal(parseEntry(formatEntry(entry)), entry)
})

test('a damaged entry is not used', () => {
  const damaged: unknown[] = [
    null,
    7,
    [],
    {},
    { ...whole, addresses: null },
    { ...whole, addresses: ['10.1.2.3'] },
    { ...whole, addresses: '10.1.2.3' },
    { ...whole, addresses: { '10.1.2.3': 7 } },
    { ...whole, sticky: 7 },
    { ...whole, netns: null },
    { ...whole, netns: '/run/netns/a' },
    { ...whole, netns: { path: '/run/netns/a' } },
    { ...whole, netns: { path: '/run/netns/a', inode: 7 } },
  ]
  for (const text of [undefined, '', '{', ...damaged.map((value) => JSON.stringify(value))])
    assert.is(parseEntry(text), undefined, text)
})

test.run()
