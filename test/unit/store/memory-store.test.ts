import * as assert from 'uvu/assert'
import type { Operation, RangeAnswer, TransactAnswer } from '../../../shared/store/protocol.ts'
import { StoreAway } from '../../../shared/store/protocol.ts'
import { memoryStore } from '../../harness/memory-connection.ts'
import { after, empty, restored, type State } from '../../harness/memory-store.ts'
import { test } from '../../harness/test.ts'

const put = (key: string, value = ''): Operation => ({ put: { key, value } })
const write = (state: State, ...operations: Operation[]) =>
  after(state, { kind: 'transact', when: [], do: operations, otherwise: [] })[0]

test('all keys of a transaction have one revision, and a key keeps that of its creation', () => {
  const state = write(write(empty, put('a'), put('b')), put('b'))
  assert.equal(
    state.entries.map(({ key, created, modified }) => [key, created, modified]),
    [
      ['a', 2, 2],
      ['b', 2, 3],
    ],
  )
})

test('a transaction that writes nothing has a raft entry and no revision; a read has neither', () => {
  const failed = after(empty, {
    kind: 'transact',
    when: [{ key: 'a', modified: 7 }],
    do: [put('a')],
    otherwise: [{ range: { from: 'a' } }],
  })
  assert.equal(failed[0], { ...empty, index: empty.index + 1 })
  assert.equal(failed[1], { revision: 1, succeeded: false, found: [[]] })
  assert.is(write(empty, { range: { from: 'a' } }).index, empty.index)
})

test('an empty range has not changed since any revision, and a changed key has', () => {
  const state = write(write(empty, put('a/1')), put('a/2'))
  const holds = (unchangedSince: number, from: string) =>
    (
      after(state, {
        kind: 'transact',
        when: [{ from, to: `${from}~`, unchangedSince }],
        do: [],
        otherwise: [],
      })[1] as TransactAnswer
    ).succeeded
  assert.equal([holds(2, 'a/'), holds(3, 'a/'), holds(0, 'b/')], [false, true, true])
})

test('a range has a limit, says whether there is more, and may leave out the values', () => {
  const state = write(empty, put('a/1', 'x'), put('a/2', 'y'), put('b', 'z'))
  const answer = after(state, { kind: 'range', from: 'a/', to: 'a0', limit: 1, keysOnly: true })[1]
  const { entries, more } = answer as RangeAnswer
  assert.equal([entries.map(({ key, value }) => key + value), more], [['a/1'], true])
})

test('a key is changed once in a transaction', () => {
  assert.throws(() => write(empty, put('a'), put('a')), /duplicate key/)
  assert.throws(() => write(empty, { remove: { from: 'a' } }, put('a')), /duplicate key/)
})

test('after a restore the index less the revision has fallen', () => {
  const state = write(empty, put('a'))
  const again = restored(state)
  assert.is(again.revision, 2)
  assert.ok(again.index - again.revision < state.index - state.revision)
})

test('an unanswered transaction is done, a lost one is not, a late one when it arrives', async () => {
  const store = memoryStore()
  const send = async (key: string, fate: 'lost' | 'unanswered' | 'late') => {
    store.fate = () => fate
    await store.ask({ kind: 'transact', when: [], do: [put(key)], otherwise: [] }).then(
      () => assert.unreachable(),
      (error) => assert.instance(error, StoreAway),
    )
    return store.state.entries.map((entry) => entry.key).join()
  }
  assert.is(await send('a', 'lost'), '')
  assert.is(await send('b', 'unanswered'), 'b')
  assert.is(await send('c', 'late'), 'b')
  store.arrive()
  assert.is(store.state.entries.map(({ key }) => key).join(), 'b,c')
})

test('a follower sees each change of its range once, and all anew when the revision falls', async () => {
  const store = memoryStore()
  const seen: string[] = []
  const whole = ({ entries }: RangeAnswer) => void seen.push(`whole ${entries.map(({ key }) => key).join()}`)
  const { close } = store.follow(
    { from: 'a', to: 'b' },
    { whole, changed: (changes) => void seen.push(...changes.map(({ key, entry }) => `${key} ${!!entry}`)) },
  )
  const send = (...operations: Operation[]) =>
    store.ask({ kind: 'transact', when: [], do: operations, otherwise: [] })
  await send(put('a1'))
  const backup = store.state
  await send(put('b1'))
  await send({ remove: { from: 'a1' } })
  store.state = restored(backup)
  await send()
  close()
  await send(put('a2'))
  assert.equal(seen, ['whole ', 'a1 true', 'a1 false', 'whole a1'])
})

test.run()
