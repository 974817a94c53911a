import * as assert from 'uvu/assert'
import { picturesOf } from '../../bench/pictures.ts'
import { barPlot } from '../../bench/plot/bars.ts'
import { growthPlot } from '../../bench/plot/growth.ts'
import { logarithmic } from '../../bench/plot/scale.ts'
import { stripPlot } from '../../bench/plot/strips.ts'
import { test } from '../../harness/test.ts'
import { measurement, outcome } from './samples.ts'

/** The fault of an XML text, or undefined: an element that is not closed, a bare `&` or `<`, a number that is none. */
function faultOf(xml: string): string | undefined {
  const open: string[] = []
  for (const [tag, slash, name = '', attributes = ''] of xml.matchAll(
    /<(\/?)(\w+)((?: [\w-]+="[^"<]*")*)>/g,
  )) {
    if (slash && open.pop() !== name) return `${tag} closes another element`
    if (!slash) open.push(name)
    if (/NaN|undefined|Infinity/.test(attributes)) return `${tag} is no number`
  }
  const text = xml.replace(/<\/?\w+(?: [\w-]+="[^"<]*")*>/g, '')
  if (/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(text)) return `bare characters in ${text.slice(0, 80)}`
  return open.length > 0 ? `${open.join()} is not closed` : undefined
}

const strip = { candidate: 'quickjs', p10: 1, p50: 2, p90: 3, p99: 9 }

test('a plot is well-formed XML, whatever names are in it', () => {
  const svg = stripPlot('a < b & "c"', [{ name: '<bridge> & more', strips: [strip] }], ['quickjs'])
  assert.is(faultOf(svg), undefined)
  assert.match(svg, '&lt;bridge&gt; &amp; more')
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
})

test('the fault of a picture is found', () => {
  assert.is(faultOf('<g><a></g>'), '</g> closes another element')
  assert.is(faultOf('<g>'), 'g is not closed')
  assert.ok(faultOf('<g x="NaN"></g>'))
  assert.ok(faultOf('<g>a & b</g>'))
})

test('a factor has the same length everywhere on the scale, and lines are at 1, 2 and 5', () => {
  const { at, ticks } = logarithmic([1.5, 80], 0, 200)
  assert.equal(ticks, [1, 2, 5, 10, 20, 50, 100])
  assert.is(Math.round(at(10) - at(1)), Math.round(at(100) - at(10)))
})

test('one value alone is a plot, too', () => {
  assert.is(faultOf(growthPlot('x', [{ name: 'y', curves: [] }], [])), undefined)
  const flat = { ...strip, p10: 1, p50: 1, p90: 1, p99: 1 }
  assert.is(faultOf(stripPlot('x', [{ name: 'y', strips: [flat] }], ['quickjs'])), undefined)
})

test('every plot of a run is well formed, also of a run with a single scenario', () => {
  const measurements = [measurement('quickjs', 'ADD', [4, 5]), measurement('1.9.1', 'ADD', [8, 9])]
  const report = {
    date: '',
    ours: '',
    references: [],
    seconds: 1,
    machine: '',
    load: '',
    loadAtEnd: '',
    outcomes: [outcome('bridge', measurements), outcome('bridge', measurements, 1_000)],
  }
  const pictures = picturesOf(report)
  assert.ok(pictures.has('growth-ADD.svg'))
  for (const [name, svg] of pictures) assert.is(faultOf(svg), undefined, name)
})

test('a plot of bars is XML, and the longest bar is the largest value', () => {
  const values = [
    { candidate: '3.4', value: 5 },
    { candidate: '3.5', value: 20 },
  ]
  const svg = barPlot('Claims & returns', '/ s', [{ name: 'first', values }], ['3.4', '3.5'])
  assert.is(faultOf(svg), undefined)
  const lengths = [...svg.matchAll(/<rect x="262" y="\d+" width="(\d+)"/g)].map(([, width]) => Number(width))
  assert.equal(
    lengths.map((length) => length / (lengths[1] ?? 1)).map((share) => Math.round(share * 100)),
    [25, 100],
  )
})

test.run()
