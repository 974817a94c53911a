import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { plugins } from '../../../plugins/registry.ts'
import { aims } from '../../bench/aims.ts'
import { isNamed, isSlow, scenariosOf, titleOf } from '../../bench/scenarios.ts'
import { port } from '../../bench/subjects/bridge.ts'
import { addressOf } from '../../bench/subjects/subject.ts'
import { subjectOf, subjects } from '../../bench/subjects/subjects.ts'
import { features } from '../../guest/features.ts'
import { test } from '../../harness/test.ts'

const usual = scenariosOf(false)

/** dhcp's ADD takes the time of its server. */
const unmeasured = ['dhcp']

test('every plugin is measured, alone or in a chain', () => {
  const measured = new Set(subjects.flatMap((subject) => subject.plugins(0).map(({ type }) => type)))
  assert.equal(
    Object.keys(plugins).filter((name) => !measured.has(name)),
    unmeasured,
  )
})

test('what a subject needs is a feature that kernels are asked for', () => {
  const known = features()
  const needs = subjects.flatMap((subject) => subject.needs ?? [])
  assert.equal(
    needs.filter((name) => !known.includes(name)),
    [],
  )
})

test('every aim has the scenario that it judges', () => {
  const lost = aims.filter(
    ({ subject, there = 0, crowded = false }) =>
      !usual.some((each) => each.subject === subject && each.there === there && each.atOnce > 1 === crowded),
  )
  assert.equal(lost, [])
})

test('names of scenarios differ, and choose one; the name of a subject chooses all of its scenarios', () => {
  const titles = usual.map(titleOf)
  assert.is(new Set(titles).size, titles.length)
  assert.ok(titles.includes('bridge, 10,000 there'))
  const chosen = (text: string) => usual.filter((each) => isNamed(each, [text])).map(titleOf)
  assert.equal(chosen('bridge, 1,000 there'), ['bridge, 1,000 there'])
  assert.ok(chosen('bridge').includes('bridge, 100 by 16'))
  assert.not.ok(chosen('bridge').includes('bridge ipMasq nftables'))
})

test('only a chain with 1,000 attachments takes minutes to set up', () => {
  assert.equal(usual.filter(isSlow).map(titleOf), [
    'chain of five, theirs by nftables, 1,000 there',
    'chain of five, theirs by iptables, 1,000 there',
  ])
})

test('a full run has every subject with 100 and 1,000 there', () => {
  const full = scenariosOf(true)
  for (const { name } of subjects)
    for (const there of [0, 100, 1_000])
      assert.ok(
        full.some((each) => each.subject === name && each.there === there),
        `${name} ${there}`,
      )
})

test('no bridge gets more ports than a kernel allows, and each of 10,000 has an address of its own', () => {
  const bridges = Array.from(
    { length: 10_000 },
    (_, number) => /master (\w+)/.exec(port(number).join('\n'))?.[1],
  )
  const most = Math.max(
    ...[...new Set(bridges)].map((name) => bridges.filter((each) => each === name).length),
  )
  assert.is(most, 1_000)
  assert.is(new Set(Array.from({ length: 10_000 }, (_, number) => addressOf(number))).size, 10_000)
})

test('a subject that does not exist is refused with the names of those that do', () => {
  assert.throws(() => subjectOf('brigde'), /no subject brigde: bridge,/)
})

test('the C programs and the script of the benchmark are there', () => {
  for (const file of ['stopwatch.c', 'floor.c', 'host.sh'])
    assert.ok(existsSync(new URL(`../../bench/${file}`, import.meta.url)), file)
})

test.run()
