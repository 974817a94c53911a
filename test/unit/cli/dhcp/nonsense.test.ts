/** Entries of the journal that are whole and say nonsense, as after a fault of a disk or by hand: the renewer goes on, and makes no storm of messages. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Entry } from '../../../../shared/ipam/dhcp/journal.ts'
import { test } from '../../../harness/test.ts'
import { entryWith, gives, newMachine } from './simulated.ts'

const text = fc.constantFrom(
  '',
  'x',
  '0.0.0.0/0',
  '10.0.0.9',
  '999.1.1.1/99',
  '::/200',
  'f',
  '00:',
  '\0',
  '..',
)
const number = fc.constantFrom(-1, 0, 0.001, 1, 60, 255, 2 ** 32, 1e308, -1e308)
const time = fc.option(number, { nil: undefined })
const pair = fc.tuple(number, text)

const lease4 = fc.record({
  ...{ address: text, server: text, gateway: text, mtu: number, since: number },
  ...{ renew: time, rebind: time, expire: time },
  routes: fc.array(fc.record({ dst: text, gw: text }), { maxLength: 2 }),
  dns: fc.constant({}),
})
const lease6 = fc.record({
  ...{ server: text, addresses: fc.array(text, { maxLength: 2 }), since: number },
  ...{ renew: time, rebind: time, expire: time },
  dns: fc.constant({}),
})
const client = fc.record({
  ...{ clientId: text, hostname: text, vendorClass: text, broadcast: fc.boolean(), duid: text, iaid: number },
  request: fc.array(number, { maxLength: 3 }),
  provide: fc.array(pair, { maxLength: 2 }),
})

const nonsense: fc.Arbitrary<Partial<Entry>> = fc.record(
  { lease4, lease6, client, mac: text, ifindex: number, mtu: number, priority: number },
  { requiredKeys: [] },
)

/** A message each ten seconds is more than any client sends that is in order. */
const [seconds, most] = [600, 60]

test('nonsense in an entry ends neither the renewer nor the lease beside it, and makes no storm', () => {
  const property = fc.property(nonsense, fc.boolean(), (bad, answers) => {
    const good = entryWith({ renew: 300, rebind: 500, expire: 600 }, 8)
    const entries = { bad: { ...entryWith({ expire: 600 }), ...bad }, good }
    const machine = newMachine(entries, ({ type, ciaddr }) =>
      answers || ciaddr === '10.0.0.8'
        ? gives(
            type === 'DISCOVER' ? 'OFFER' : 'ACK',
            [600, 300, 500],
            ciaddr === '10.0.0.8' ? ciaddr : '10.0.0.9',
          )
        : undefined,
    )
    machine.runTo(seconds)
    assert.is(machine.entries.get('good')?.lease4?.since, 300_000)
    assert.ok(machine.sent.length < most, `${machine.sent.length} messages`)
  })
  fc.assert(property, { seed: 19, numRuns: 300 })
})

test.run()
