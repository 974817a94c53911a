import { status } from '@grpc/grpc-js'
import * as assert from 'uvu/assert'
import { CniError, linesOf } from '../../../shared/error/error.ts'
import { addressOf } from '../../../shared/store/etcd/address.ts'
import { keysOf } from '../../../shared/store/etcd/connection.ts'
import { transactRequestOf } from '../../../shared/store/etcd/convert.ts'
import { after, isSame, newestOf } from '../../../shared/store/etcd/history.ts'
import { rangeResponse, transactRequest, watchResponse } from '../../../shared/store/etcd/messages.ts'
import { isUndone, reasonOf, refusalOf } from '../../../shared/store/etcd/refusal.ts'
import { decode, encode } from '../../../shared/store/etcd/wire.ts'
import { test } from '../../harness/test.ts'

test('a transaction is written as etcd defines it: create if absent, else read from there on', () => {
  const request = transactRequestOf({
    kind: 'transact',
    when: [{ key: 'k', created: 0 }],
    do: [{ put: { key: 'k', value: 'v' } }],
    otherwise: [{ range: { from: 'k', to: 'l', limit: 300 } }],
  })
  const bytes = [
    // compare { EQUAL CREATE "k" create_revision: 0 }
    ...[0x0a, 9, 0x08, 0, 0x10, 1, 0x1a, 1, 0x6b, 0x28, 0],
    // success { request_put { "k" "v" } }
    ...[0x12, 8, 0x12, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76],
    // failure { request_range { "k" "l" limit: 300 } }
    ...[0x1a, 11, 0x0a, 9, 0x0a, 1, 0x6b, 0x12, 1, 0x6c, 0x18, 0xac, 0x02],
  ]
  assert.is(encode(transactRequest, request).toString('hex'), Buffer.from(bytes).toString('hex'))
})

test('what is absent has its default, unknown fields are skipped, and other bytes are refused', () => {
  assert.equal(decode(rangeResponse, Buffer.alloc(0)), { header: undefined, kvs: [], more: false })
  // cluster_id, which is not used, before the revision; an unknown field 15.
  const bytes = Buffer.from([0x0a, 5, 0x08, 0xff, 0x01, 0x18, 7, 0x7a, 1, 0])
  assert.equal(decode(rangeResponse, bytes), { header: { revision: 7 }, kvs: [], more: false })
  for (const bad of [[0x0a, 9, 0x18], [0xff], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]])
    assert.throws(() => decode(rangeResponse, Buffer.from(bad)), 'no message of etcd')
})

test('revisions beyond 2^32 are exact, and one that a number cannot hold is refused', () => {
  const revision = 2 ** 53 - 1
  const bytes = encode(watchResponse, { header: { revision } })
  assert.is(decode<{ header: { revision: number } }>(watchResponse, bytes).header.revision, revision)
  const ten = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
  assert.throws(() => decode(watchResponse, Buffer.from([0x0a, 10, 0x18, ...ten])), 'no message of etcd')
})

test('an endpoint is a host and a port, which is 2379 unless it is given', () => {
  assert.equal(addressOf('https://etcd-1.example/'), {
    host: 'etcd-1.example',
    inBrackets: 'etcd-1.example',
    port: 2379,
  })
  assert.equal(addressOf('http://192.0.2.1:99'), { host: '192.0.2.1', inBrackets: '192.0.2.1', port: 99 })
  assert.equal(addressOf('https://[2001:db8::1]'), {
    host: '2001:db8::1',
    inBrackets: '[2001:db8::1]',
    port: 2379,
  })
  assert.equal(addressOf('https://[2001:db8::1]:1'), {
    host: '2001:db8::1',
    inBrackets: '[2001:db8::1]',
    port: 1,
  })
})

const error = (code: number, details: string) =>
  Object.assign(new Error(`${code} ${details}`), { code, details })

test('a refusal of a transaction that only reads names what it reads: a wrong prefix is seen', () => {
  const range = { from: '/patchbai/epoch' }
  assert.is(keysOf({ kind: 'transact', when: [], do: [{ range }], otherwise: [] }), range.from)
})

test('a refusal of etcd is a sentence with what to do; an error that another member may not have is none', () => {
  const sentences: [number, string, RegExp][] = [
    [status.PERMISSION_DENIED, 'etcdserver: permission denied', /may not use \/patchbay\/x\n.*role/],
    [status.INVALID_ARGUMENT, 'etcdserver: user name is empty', /demands a user[\s\S]*cert/],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', /NOSPACE[\s\S]*alarm list/],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: no space', /NOSPACE[\s\S]*defrag/],
    [status.INVALID_ARGUMENT, 'etcdserver: request is too large', /\/patchbay\/x is too large/],
    [
      status.RESOURCE_EXHAUSTED,
      'Received message larger than max (16777217 vs 16777216)',
      /the answer with \/patchbay\/x is larger than 16 MB[\s\S]*etcdctl get --prefix/,
    ],
    [status.DATA_LOSS, 'etcdserver: corrupt cluster', /CORRUPT/],
    [status.UNIMPLEMENTED, 'unknown service', /etcd refuses: unknown service\n.*3\.4 or newer/],
  ]
  for (const [code, details, expected] of sentences) {
    const refusal = refusalOf(error(code, details), '/patchbay/x')
    assert.instance(refusal, CniError, details)
    if (refusal) assert.match([refusal.message, ...linesOf(refusal.complaint)].join('\n'), expected)
  }
  const passing: [number, string, boolean][] = [
    [status.UNAVAILABLE, 'etcdserver: no leader', true],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', true],
    [status.UNAVAILABLE, 'etcdserver: rpc not supported for learner', true],
    [status.UNAVAILABLE, 'etcdserver: request timed out', false],
    [status.UNAVAILABLE, 'etcdserver: leader changed', false],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded', false],
  ]
  for (const [code, details, undone] of passing) {
    assert.is(refusalOf(error(code, details)), undefined, details)
    assert.is(isUndone(error(code, details)), undone, details)
  }
  assert.is(reasonOf(error(status.DEADLINE_EXCEEDED, 'Deadline exceeded after 5.001s')), 'no answer in time')
  assert.is(reasonOf(error(status.UNAVAILABLE, 'etcdserver: leader changed')), 'leader changed')
})

test('a history is the same when its newest change is repeated, with key, revision and value', () => {
  const entry = (key: string, modified: number, value = '1') => ({ key, created: 1, modified, value })
  const newest = newestOf([entry('a', 3), entry('c', 7), entry('b', 5)])
  assert.equal(newest, { key: 'c', modified: 7, value: '1' })
  assert.is(newestOf([]), undefined)
  if (!newest) return
  const put = (...parts: Parameters<typeof entry>) => ({ type: 0, entry: entry(...parts) })
  assert.ok(isSame(newest, [put('b', 7), put('c', 7), put('d', 8)]))
  for (const other of [put('c', 8), put('b', 7), put('c', 7, '2'), { type: 1, entry: entry('c', 7, '') }])
    assert.not.ok(isSame(newest, [other]))
  assert.equal(after(newest, [put('b', 7), put('d', 8)]), [put('d', 8)])
})

test.run()
