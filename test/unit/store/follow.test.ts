/** Following a range at members of etcd that are played: what happens between the requests. */

import { EventEmitter, once } from 'node:events'
import { createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { status } from '@grpc/grpc-js'
import * as assert from 'uvu/assert'
import type { Changed } from '../../../shared/store/connection.ts'
import { connection } from '../../../shared/store/etcd/connection.ts'
import { follow } from '../../../shared/store/etcd/follow.ts'
import { type Member, member, type Stream } from '../../../shared/store/etcd/member.ts'
import { rangeMethod } from '../../../shared/store/etcd/methods.ts'
import type { RangeAnswer } from '../../../shared/store/protocol.ts'
import { test } from '../../harness/test.ts'
import { until } from '../../harness/until.ts'

const range = { from: '/a/', to: '/a0' }

const failed = (code: number, details: string) => Object.assign(new Error(details), { code, details })
const tooLong = failed(status.RESOURCE_EXHAUSTED, 'Received message larger than max (20000000 vs 16777216)')
const refusal = failed(status.PERMISSION_DENIED, 'etcdserver: permission denied')

/** A member whose answers are given by hand. */
function played() {
  const streams: EventEmitter[] = []
  const whole: (() => void)[] = []
  const stream = () => {
    const one = Object.assign(new EventEmitter(), { write: () => {}, cancel: () => {} })
    streams.push(one)
    return one as unknown as Stream<never>
  }
  const ask = () =>
    new Promise<never>((resolve) => {
      whole.push(() => resolve({ header: { revision: 5 }, kvs: [], more: false } as never))
    })
  const one: Member = { endpoint: 'http://192.0.2.1', reach: async () => {}, ask, stream, close: () => {} }
  return { one, streams, whole }
}

test('what is closed while it reads the whole begins no watch, and tells nothing', async () => {
  const { one, streams, whole } = played()
  const told: unknown[] = []
  const follower = { whole: (all: unknown) => void told.push(all), changed: () => {} }
  const { close } = follow([one], 0, range, follower)
  await until('it reads', () => whole.length === 1)
  close()
  whole[0]?.()
  await new Promise((resolve) => setImmediate(resolve))
  assert.is(streams.filter((each) => each.listenerCount('data') > 0).length, 0)
  assert.equal(told, [])
})

test('a range is read in pages, all at the revision of the first', async () => {
  const { one } = played()
  const requests: object[] = []
  const entry = (key: string) => ({ key, value: '', created: 1, modified: 1 })
  const ask = async (_: unknown, request: object) => {
    requests.push(request)
    const isFirst = requests.length === 1
    const kvs = isFirst ? [entry('/a/b'), entry('/a/c')] : [entry('/a/d')]
    return { header: { revision: isFirst ? 5 : 9 }, kvs, more: isFirst } as never
  }
  const told: unknown[] = []
  const follower = { whole: (all: unknown) => void told.push(all), changed: () => {} }
  const { close } = follow([{ ...one, ask }], 0, range, follower)
  await until('it is told', () => told.length === 1)
  close()
  const entries = ['/a/b', '/a/c', '/a/d'].map(entry)
  assert.equal(told, [{ revision: 5, entries, more: false }])
  const common = { end: '/a0', limit: 1000, keysOnly: undefined }
  assert.equal(requests, [
    { ...common, key: '/a/', revision: undefined },
    { ...common, key: '/a/c\0', revision: 5 },
  ])
})

test('changes that are too much for one message are read with the whole', async () => {
  const { one, streams, whole } = played()
  const told: string[] = []
  const tell = ({ message }: Error) => void told.push(message)
  const follower = { whole: () => {}, changed: () => {}, away: (reason: string) => void told.push(reason) }
  const { close } = follow([one], 0, range, { ...follower, refused: tell })
  await until('it reads', () => whole.length === 1)
  whole[0]?.()
  await until('it watches', () => streams[0]?.listenerCount('data') === 1)
  const entry = { key: '/a/b', value: '', created: 6, modified: 6 }
  const batch = { header: { revision: 6 }, created: false, canceled: false, compacted: 0, reason: '' }
  streams[0]?.emit('data', { ...batch, events: [{ type: 0, entry }] })
  streams[0]?.emit('error', tooLong)
  await until('it reads again', () => whole.length === 2)
  assert.is(streams.length, 1, 'it does not watch the same changes again')
  assert.equal(told, [])
  close()
})

test('a page that is too long is read again with few keys, and the next one with many', async () => {
  const { one } = played()
  const limits: unknown[] = []
  const ask = async (_: unknown, { key, limit }: { key?: string; limit?: number }) => {
    limits.push(limit)
    const isFirst = key === range.from
    if (isFirst && limit !== 8) throw tooLong
    const kvs = [{ key: isFirst ? '/a/b' : '/a/c', value: '', created: 1, modified: 1 }]
    return { header: { revision: 5 }, kvs, more: isFirst } as never
  }
  const told: string[][] = []
  const whole = ({ entries }: RangeAnswer) => void told.push(entries.map(({ key }) => key))
  const { close } = follow([{ ...one, ask }], 0, range, { whole, changed: () => {} })
  await until('it is told', () => told.length === 1)
  close()
  assert.equal(told, [['/a/b', '/a/c']])
  assert.equal(limits, [1000, 8, 1000])
})

test('a refusal is told with its sentence, and is no absence; the range is read when it is allowed', async () => {
  const { one, streams, whole } = played()
  let isRefused = true
  const ask: Member['ask'] = async () => (isRefused ? Promise.reject(refusal) : one.ask(rangeMethod, {}))
  const told: string[] = []
  const follower = { whole: () => {}, changed: () => {}, away: () => void told.push('away') }
  const refused = ({ message }: Error) => void told.push(message)
  const { close } = follow([{ ...one, ask }], 0, range, { ...follower, refused })
  await until('it is refused', () => told.length > 0)
  isRefused = false
  await until('it reads', () => whole.length === 1)
  whole[0]?.()
  await until('it watches', () => streams[0]?.listenerCount('data') === 1)
  const header = { revision: 5 }
  const reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied'
  streams[0]?.emit('data', { header, created: true, canceled: true, compacted: 0, reason, events: [] })
  await until('the watch is refused, too', () => told.length > 1)
  close()
  assert.equal([...new Set(told)], ["etcd refuses: this host's user may not use /a/"])
})

test('a follower that throws gets all anew: nothing is thrown beside it', async () => {
  const { one, streams, whole } = played()
  const away: string[] = []
  let isFirst = true
  const changed = (changes: Changed[]) => {
    if (changes.length === 0 || !isFirst) return
    isFirst = false
    throw new Error('no file is there')
  }
  const follower = { whole: () => {}, changed, away: (reason: string) => void away.push(reason) }
  const { close } = follow([one], 0, range, follower)
  await until('it reads', () => whole.length === 1)
  whole[0]?.()
  await until('it watches', () => streams[0]?.listenerCount('data') === 1)
  const entry = { key: '/a/b', value: '', created: 6, modified: 6 }
  const batch = { header: { revision: 6 }, created: false, canceled: false, compacted: 0, reason: '' }
  assert.not.throws(() => streams[0]?.emit('data', { ...batch, events: [{ type: 0, entry }] }))
  await until('it reads again', () => whole.length === 2)
  assert.match(away.join(), 'no file is there')
  close()
})

test('a member that was closed makes no connection any more', async () => {
  const one = member('http://127.0.0.1:1', () => undefined)
  one.close()
  const asked = one.reach().then(() => one.ask(rangeMethod, {}))
  await asked.then(
    () => assert.unreachable(),
    (error) => assert.is(error.message, 'the connection with the store was closed'),
  )
})

test('what waits for a member ends when the connection is closed, and the member is not blamed', async () => {
  const mute = createServer()
  const still = createHttp2Server((_, response) => response.on('error', () => {}))
  const portOf = (server: Server) =>
    new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    )
  const one = member(`http://127.0.0.1:${await portOf(mute)}`, () => undefined)
  const other = member(`http://127.0.0.1:${await portOf(still)}`, () => undefined)
  await until('it is reached', () =>
    other.reach().then(
      () => true,
      () => false,
    ),
  )
  const failures = [one.reach(), other.ask(rangeMethod, {}, 600_000)].map((work) =>
    work.then(
      () => 'done',
      (error: Error) => error.message,
    ),
  )
  await Promise.all([once(mute, 'connection').then(([one]) => one.unref()), once(still, 'stream')])
  for (const each of [one, other]) each.close()
  const [reached, asked] = await Promise.all(failures)
  assert.is(reached, 'no answer')
  assert.match(asked ?? '', /^1 CANCELLED/)
  for (const server of [mute, still]) server.close()
})

test('what is followed ends with its connection, also what begins after', async () => {
  const { follow, close } = connection({ endpoints: ['http://127.0.0.1:1'], prefix: '/a/' }, 0)
  const away: string[] = []
  const follower = { whole: () => {}, changed: () => {}, away: (reason: string) => void away.push(reason) }
  follow(range, follower)
  await until('it is refused', () => away.length === 1)
  close()
  follow(range, follower)
  await new Promise((resolve) => setTimeout(resolve, 700))
  assert.is(away.length, 1)
})

test.run()
