/** The loop of `patchbay dhcp` with a clock that a test moves, and servers that it scripts. */

import * as assert from 'uvu/assert'
import { adopt } from '../../../../cli/dhcp/adopt.ts'
import { quads } from '../../../harness/dhcp-message4.ts'
import { test } from '../../../harness/test.ts'
import { entryWith, gives, newMachine } from './simulated.ts'

const hour = { renew: 1800, rebind: 3150, expire: 3600 }
const hourly = [3600, 1800, 3150] as const

test('a lease is renewed at each T1 by one message, and nothing else is sent', () => {
  const machine = newMachine({ a: entryWith(hour) }, () => gives('ACK', hourly))
  machine.runTo(5500)
  assert.equal(
    machine.sent.map(({ at, type, isUnicast }) => [Math.round(at), type, isUnicast]),
    [
      [1800, 'REQUEST', true],
      [3600, 'REQUEST', true],
      [5400, 'REQUEST', true],
    ],
  )
  assert.equal(machine.changes, [])
  assert.is(machine.open.size, 0)
})

test('servers that are silent are asked by all steps of RFC 2131, and the address goes at the end', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.runTo(3601)
  const steps = machine.sent.map(({ at, isUnicast }) => `${Math.floor(at)} ${isUnicast ? 'renew' : 'rebind'}`)
  assert.equal(steps.slice(0, 2), ['1800 renew', '2480 renew'])
  assert.equal(steps.filter((step) => step.endsWith('rebind')).slice(0, 2), ['3150 rebind', '3380 rebind'])
  assert.ok(steps.length < 16, steps.join())
  assert.equal(machine.changes, [[['10.0.0.9/24'], []]])
  machine.runTo(3600 + 7200)
  const searches = machine.sent.filter(({ type }) => type === 'DISCOVER').map(({ at }) => at)
  assert.ok(searches.length > 40, 'it goes on searching')
  assert.ok(searches.every((at, index) => index === 0 || at - (searches[index - 1] ?? 0) < 311))
  assert.is(machine.open.size, 0)
})

test('a server that comes back gives the address again', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.runTo(4000)
  machine.answer = ({ type }) => gives(type === 'DISCOVER' ? 'OFFER' : 'ACK', hourly)
  machine.runTo(4400)
  assert.equal(machine.changes.at(-1), [[], ['10.0.0.9/24']])
  assert.is(machine.entries.get('a')?.former, undefined)
  assert.ok(machine.log.at(-1)?.includes('has answered again'))
})

test('a NAK takes the address before a server is asked for another', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.answer = ({ type, ciaddr }) => {
    if (ciaddr !== '0.0.0.0') return { type: 'NAK', options: [[54, quads('10.0.0.1')]] }
    return gives(type === 'DISCOVER' ? 'OFFER' : 'ACK', hourly, '10.0.0.77')
  }
  machine.runTo(3150 + 20)
  assert.equal(machine.changes, [
    [['10.0.0.9/24'], []],
    [[], ['10.0.0.77/24']],
  ])
})

test('another address in an ACK replaces the old one in one change', () => {
  const machine = newMachine({ a: entryWith(hour) }, () => gives('ACK', hourly, '10.0.0.10'))
  machine.runTo(1900)
  assert.equal(machine.changes, [[['10.0.0.9/24'], ['10.0.0.10/24']]])
  assert.ok(machine.log.some((line) => line.includes('changed from 10.0.0.9/24 to 10.0.0.10/24')))
})

test('at most 64 of 1,000 leases have a socket at once, and all are renewed', () => {
  const entries = Array.from(
    { length: 1000 },
    (_, number) => [`k${number}`, entryWith({ renew: 70, rebind: 3150, expire: 3600 }, number)] as const,
  )
  const machine = newMachine(Object.fromEntries(entries), ({ ciaddr }) => gives('ACK', hourly, ciaddr))
  machine.runTo(120)
  assert.is(machine.sent.length, 1000)
  assert.ok(machine.most <= 64, String(machine.most))
})

test('DEL while a server is asked ends that, and what the server says then is nothing', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.runTo(1801)
  assert.is(machine.renewer.exchanges.size, 1)
  machine.entries.delete('a')
  adopt(machine.renewer, 'a')
  assert.equal([machine.renewer.exchanges.size, machine.renewer.slots.size, machine.open.size], [0, 0, 0])
})

test('where DEL was faster than the answer, the interface is not changed', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.answer = () => {
    const entry = machine.entries.get('a')
    machine.entries.delete('a')
    assert.ok(entry)
    return gives('ACK', hourly, '10.0.0.10')
  }
  machine.runTo(1801)
  assert.equal(machine.changes, [])
})

test('where DEL is faster than the journal, or another ADD than the answer, the interface is not changed', () => {
  const machine = newMachine({ a: entryWith(hour) }, () => gives('ACK', hourly, '10.0.0.10'))
  machine.renewer.host.journal.replace = () => false
  machine.runTo(1801)
  assert.equal([machine.sent.length, machine.changes, machine.renewer.slots.size], [1, [], 0])
  const other = newMachine({ a: entryWith(hour) })
  other.answer = () => {
    const entry = entryWith(hour)
    other.entries.set('a', {
      ...entry,
      lease4: { ...entry.lease4, since: 1_000_000 } as NonNullable<typeof entry.lease4>,
    })
    return gives('ACK', hourly, '10.0.0.10')
  }
  other.runTo(1801)
  assert.equal([other.changes, other.entries.get('a')?.lease4?.since], [[], 1_000_000])
})

test('an entry of another boot is dropped, and so is one whose namespace is gone', () => {
  const machine = newMachine({ a: { ...entryWith(hour), boot: 'another' }, b: entryWith(hour) })
  assert.equal([...machine.entries.keys()], ['b'])
  machine.absent = { absent: 'gone', why: 'ENOENT' }
  machine.runTo(1801)
  assert.is(machine.entries.size, 0)
  assert.is(machine.sent.length, 0)
})

test('an entry whose namespace cannot be opened is kept, and dropped when its lease has ended', () => {
  const machine = newMachine({ a: entryWith(hour) })
  machine.absent = { absent: 'hidden', why: 'EACCES' }
  machine.runTo(3500)
  assert.is(machine.entries.size, 1)
  assert.ok(machine.log.length < 40)
  machine.runTo(3700)
  assert.is(machine.entries.size, 0)
})

test('a failure on this host is logged and tried again', () => {
  const machine = newMachine({ a: entryWith(hour) }, () => gives('ACK', hourly))
  const { open } = machine.renewer.host
  let failures = 3
  machine.renewer.host.open = (...args) => {
    if (failures-- > 0) throw new Error('ENFILE')
    return open(...args)
  }
  machine.runTo(1900)
  assert.is(machine.sent.length, 1)
  assert.is(machine.log.filter((line) => line.includes('ENFILE')).length, 3)
})

test('a lease that ended while none ran is asked for, and lost only after that', () => {
  const machine = newMachine({ a: entryWith({ renew: -3, rebind: -2, expire: -1 }) })
  machine.runTo(3)
  assert.equal(
    [machine.sent[0]?.type, machine.sent[0]?.requested, machine.changes.length],
    ['REQUEST', '10.0.0.9', 0],
  )
  machine.runTo(6)
  assert.equal(machine.changes, [[['10.0.0.9/24'], []]])
})

test.run()
