/** The agent's part for vxlan peers: a range of keys that is followed, with what the agent writes into it itself. */

import * as assert from 'uvu/assert'
import { followRange } from '../../../cli/agent/peers/range.ts'
import { CniError } from '../../../shared/error/error.ts'
import type { Follower } from '../../../shared/store/connection.ts'
import type { Entry } from '../../../shared/store/protocol.ts'
import { test } from '../../harness/test.ts'

/** A range with a follower that the test calls. */
function range<T>(read: (key: string, entry: Entry) => { value: T } | { wrong: string }) {
  let follower: Follower | undefined
  const told: unknown[] = []
  const connection = {
    ask: () => Promise.reject(),
    follow: (_: object, one: Follower) => {
      follower = one
      return { close() {} }
    },
    close() {},
  }
  const followed = followRange(connection, {
    prefix: '/p/',
    most: 3,
    read,
    filled: (isAgain) => told.push(isAgain ? 'filled again' : 'filled'),
    changed: (changes) => told.push(changes),
    away: (reason) => reason && told.push(reason),
  })
  return { followed, follower: follower as unknown as Follower, told }
}

const text = (_: string, { value }: Entry) => (value === 'bad' ? { wrong: 'bad' } : { value })
const at = (key: string, value: string, modified: number): Entry => ({
  ...{ key: `/p/${key}`, value, created: 1, modified },
})

test('a range that is followed keeps good values and the faults of others, and all of it is replaced when the watch was lost', () => {
  const { followed, follower, told } = range(text)
  assert.not.ok(followed.isKnown())
  follower.whole({ revision: 3, more: false, entries: [at('a', '1', 2), at('b', 'bad', 3)] })
  assert.equal(
    [...followed.values(), ...followed.wrongs()],
    [
      ['a', '1'],
      ['b', 'bad'],
    ],
  )
  follower.changed([{ key: '/p/a' }, { key: '/p/b', entry: at('b', '2', 4) }], 4)
  assert.equal([...followed.values(), ...followed.wrongs()], [['b', '2']])
  follower.whole({ revision: 9, more: false, entries: ['c', 'd', 'e', 'f'].map((key) => at(key, key, 9)) })
  assert.equal(
    [[...followed.values().keys()], [...followed.wrongs()]],
    [['c', 'd', 'e'], [['f', 'there are 3 others']]],
  )
  const changes = [
    { key: 'a', before: '1' },
    { key: 'b', before: undefined, after: '2' },
  ]
  assert.equal(told, ['filled', changes, 'filled again'])
})

test('what the agent has written itself counts until the store tells of it', () => {
  const { followed, follower } = range(text)
  follower.whole({ revision: 3, more: false, entries: [at('a', '1', 2)] })
  followed.note('a', '2', 7)
  follower.changed([{ key: '/p/a', entry: at('a', 'old', 5) }], 5)
  assert.is(followed.values().get('a'), '2')
  follower.changed([{ key: '/p/a', entry: at('a', 'other', 8) }], 8)
  assert.is(followed.values().get('a'), 'other')
  follower.changed([{ key: '/p/a' }], 9)
  assert.not.ok(followed.values().has('a'))
})

test('what came after a write of the agent counts also if the store tells of it before it answers', () => {
  const { followed, follower } = range(text)
  follower.whole({ revision: 3, more: false, entries: [] })
  follower.changed([{ key: '/p/a', entry: at('a', '1', 15) }], 15)
  follower.changed([{ key: '/p/a' }], 16)
  followed.note('a', '1', 15)
  assert.not.ok(followed.values().has('a'))
})

test('a key of the agent itself is kept, however many others there are, and whether the store answers or tells of it first', () => {
  const { followed, follower } = range(text)
  follower.whole({ revision: 9, more: false, entries: ['c', 'd', 'e'].map((key) => at(key, key, 9)) })
  followed.note('a', '1', 10)
  follower.changed([{ key: '/p/a', entry: at('a', '1', 10) }], 10)
  follower.changed([{ key: '/p/b', entry: at('b', '1', 11) }], 11)
  followed.note('b', '1', 11)
  assert.equal([...followed.values().keys()], ['c', 'd', 'e', 'a', 'b'])
  assert.is(followed.wrongs().size, 0)
})

test('a store that does not answer and one that refuses are told, with what to do', () => {
  const { follower, told } = range(text)
  follower.away?.('no answer')
  follower.refused?.(new CniError(11, { msg: 'user node1 may not read', hint: 'grant it the role' }))
  assert.equal(told, ['no answer', 'user node1 may not read (grant it the role)'])
})

test.run()
