import * as assert from 'uvu/assert'
import type { Aim } from '../../bench/aims.ts'
import { betterReference } from '../../bench/report.ts'
import { countOf, verdictsOf } from '../../bench/verdicts.ts'
import { test } from '../../harness/test.ts'
import { measurement, outcome } from './samples.ts'

const add = (candidate: string, ...walls: number[]) => measurement(candidate, 'ADD', walls)
const texts = (outcomes: Parameters<typeof verdictsOf>[0], ...aims: Aim[]) =>
  verdictsOf(outcomes, aims).map(({ text }) => text)
const ratio: Aim = { subject: 'bridge', verb: 'ADD', ratio: 0.45 }

test('ours is compared with the better of the references', () => {
  const bridge = outcome('bridge', [add('quickjs', 4), add('1.9.1', 20), add('1.1.1', 8), add('nothing', 1)])
  assert.equal(texts([bridge], ratio), ['MISSED  bridge ADD to 1.1.1: 0.50, aim 0.45'])
})

test('a reference whose calls failed did less: it is not the better one', () => {
  const failed = { ...add('1.1.1', 8), failure: 'no' }
  const all = [add('quickjs', 4), add('1.9.1', 20), failed]
  assert.is(betterReference(all, 'ADD')?.candidate, '1.9.1')
  assert.equal(texts([outcome('bridge', all)], ratio), ['met     bridge ADD to 1.9.1: 0.20, aim 0.45'])
})

test('a call of ours that failed meets no aim', () => {
  const failed = measurement('quickjs', 'ADD', [1], { status: 1 })
  assert.match(texts([outcome('bridge', [failed, add('1.9.1', 20)])], ratio)[0] ?? '', /^MISSED/)
})

test('an aim without a figure has no verdict', () => {
  assert.equal(texts([], ratio), [])
  assert.equal(texts([outcome('bridge', [add('quickjs', 4)])], ratio), [])
})

test('the count says how many aims are met, and how many nothing could judge', () => {
  const verdicts = verdictsOf([outcome('bridge', [add('quickjs', 4), add('1.9.1', 20)])], [ratio])
  assert.is(countOf(verdicts, [ratio]), '1 of 1 aims are met.')
  assert.is(countOf(verdicts, [ratio, ratio]), '1 of 1 aims are met; 1 were not judged in this run.')
})

test('an aim in milliseconds, and one above another verb', () => {
  const all = [
    add('node', 40),
    measurement('node', 'VERSION', [30]),
    measurement('empty node', 'VERSION', [26]),
  ]
  const engine = 'node'
  assert.equal(
    texts(
      [outcome('bridge', all)],
      { subject: 'bridge', verb: 'ADD', engine, milliseconds: 39 },
      { subject: 'bridge', verb: 'ADD', engine, above: { verb: 'VERSION' }, milliseconds: 12 },
      { subject: 'bridge', verb: 'VERSION', engine, above: { candidate: 'empty node' }, milliseconds: 5 },
    ),
    [
      'MISSED  bridge ADD, engine node: 40.0 ms, aim 39 ms',
      'met     bridge ADD, engine node above VERSION: 10.0 ms, aim 12 ms',
      'met     bridge VERSION, engine node above empty node: 4.0 ms, aim 5 ms',
    ],
  )
})

test('growth is judged by the worst of the own costs, not by time', () => {
  const idle = outcome('bridge', [measurement('quickjs', 'ADD', [10], { faults: 100 })])
  const many = outcome('bridge', [measurement('quickjs', 'ADD', [99], { faults: 120 })], 10_000)
  assert.equal(texts([idle, many], { subject: 'bridge', verb: 'ADD', there: 10_000, growth: 1.1 }), [
    'MISSED  bridge ADD, 10,000 there to none (faults, the worst of calls, user time, faults): 1.20, aim 1.1',
  ])
})

test.run()
