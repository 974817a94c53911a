/** Prometheus' text, lines of the log of calls, and times of a command line. */

import * as assert from 'uvu/assert'
import { entriesIn } from '../../../cli/metrics/log-entries.ts'
import { exposition, gauge } from '../../../cli/metrics/metric.ts'
import { sinceOf } from '../../../cli/metrics/since.ts'
import { seriesIn } from '../../harness/prometheus.ts'
import { test } from '../../harness/test.ts'

test('labels and help are escaped, and a number can be infinite', () => {
  const labels = { text: 'a"b\\c\nd,e} 1' }
  const metric = gauge('x', 'first\\line\nsecond "line"', [
    { labels, value: Number.POSITIVE_INFINITY },
    { labels: {}, value: 2 ** 64 },
  ])
  const text = exposition([metric, gauge('empty', 'no samples', [])])
  assert.is(
    text,
    `# HELP patchbay_x first\\\\line\\nsecond "line"
# TYPE patchbay_x gauge
patchbay_x{text="a\\"b\\\\c\\nd,e} 1"} +Inf
patchbay_x 18446744073709552000`,
  )
  assert.equal(seriesIn(`${text}\n`)[0]?.labels, labels)
})

const line = (more: object) =>
  JSON.stringify({
    time: '2026-11-28T12:00:00.000Z',
    level: 'info',
    verb: 'ADD',
    plugin: 'bridge',
    pid: 1,
    ...more,
  })

test('a line has only members of an entry, each of its type; one without the required ones is damaged', () => {
  const odd = { container: 5, network: 'net', spent: { ipam: 'x' }, more: 1, code: 7 }
  const { entries, damaged } = entriesIn(
    [line(odd), '{', 'null', line({ time: 'x' }), line({ level: 'x' }), line({ pid: '1' })],
    {},
  )
  assert.equal(entries, [{ ...JSON.parse(line({})), network: 'net', code: 7 }])
  assert.is(damaged, 5)
})

test('a time is so long ago, or one of a day; anything else is refused', () => {
  const age = (text: string) => Date.now() - Date.parse(sinceOf(text))
  for (const [text, seconds] of [
    ['30s', 30],
    ['10m', 600],
    ['2h', 7200],
    ['1d', 86_400],
  ] as const)
    assert.ok(Math.abs(age(text) - seconds * 1000) < 25_000, text)
  assert.is(sinceOf('2026-11-28T12:00:00Z'), '2026-11-28T12:00:00.000Z')
  assert.is(sinceOf('2026-11-28'), '2026-11-28T00:00:00.000Z')
  for (const wrong of ['', 'soon', '5', '10', '2026-13-40', '10w', '999999999d'])
    assert.throws(() => sinceOf(wrong), /no time/)
})

test.run()
