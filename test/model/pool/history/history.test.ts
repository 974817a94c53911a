/** Ten hosts with faults at random: no address is at two containers at one time, and none is lost for ever. */

import * as assert from 'uvu/assert'
import { test } from '../../../harness/test.ts'
import { isFull } from '../../bounds.ts'
import { always, boundsOf, host } from '../bounds.ts'
import { loadClaims } from '../load.ts'
import { newHistory, overlaps } from './possession.ts'
import { randomRun } from './run.ts'

const tenHosts = boundsOf(always, {
  hosts: Array.from({ length: 10 }, (_, at) => host(`host${'ABCDEFGHIJ'[at]}`, 'net')),
  subnet: '10.0.0.0/26',
  blockSize: 30,
  works: [
    'enter',
    'claim',
    'give back',
    'beat',
    'wish',
    'conclude',
    'grant',
    'take back',
    'release',
    'release what is left',
    'recover',
  ],
  releasesLiving: false,
  starts: [0, 3, 7, 12],
})

const claims = await loadClaims()

const seeds = Array.from({ length: isFull ? 20 : 1 }, (_, at) => at + 1)

for (const seed of seeds)
  test(`${isFull ? 'full: ' : ''}a run of ten hosts from seed ${seed}`, () => {
    const events = isFull ? 100_000 : 20_000
    const { history, counts, broken } = randomRun(claims, tenHosts, { seed, events })
    console.log(`seed ${seed}: ${JSON.stringify(counts)}`)
    assert.not.ok(broken, [broken?.rule, ...(broken?.story ?? [])].join('\n'))
    assert.equal(overlaps(history.possessions), [])
    assert.ok((counts.add ?? 0) > events / 100, 'hardly an address was given')
  })

test('an address that two containers have at one time is found', () => {
  const history = newHistory()
  history.given('a', '10.0.0.1', 1)
  history.taken('a', '10.0.0.1', 5)
  history.given('b', '10.0.0.1', 4)
  history.given('c', '10.0.0.2', 6)
  assert.equal(overlaps(history.possessions), ['10.0.0.1: a had it from 1 to 5, b had it from 4 to the end'])
})

test('an address that is given after it was freed is no overlap', () => {
  const history = newHistory()
  history.given('a', '10.0.0.1', 1)
  history.ended('a', 5)
  history.given('b', '10.0.0.1', 5)
  assert.equal(overlaps(history.possessions), [])
})

test.run()
