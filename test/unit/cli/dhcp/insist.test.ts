/** A server of DHCPv6 that says that it has no such lease is asked for it once more before the addresses go. */

import * as assert from 'uvu/assert'
import { exchangeOf } from '../../../../cli/dhcp/ask.ts'
import type { Exchange } from '../../../../shared/dhcp/exchange.ts'
import { MessageType } from '../../../../shared/dhcp/v6/message.ts'
import { StatusCode } from '../../../../shared/dhcp/v6/status.ts'
import { test } from '../../../harness/test.ts'
import { client, ia, one, play, server, status } from '../../dhcp6/server.ts'
import { entryWith } from './simulated.ts'

const noBinding = [ia([], { inside: [status(StatusCode.NO_BINDING)] })]
const given = [ia([{ address: '2001:db8::1' }])]
const own = { since: 0, renew: 10, rebind: 20, expire: 40 }
const lease6 = { ...own, server: one, addresses: ['2001:db8::1'], dns: {} }
const entry = {
  ...entryWith({}),
  ...{
    lease6,
    client: {
      broadcast: false,
      request: [],
      provide: [],
      duid: client.duid.toString('hex'),
      iaid: client.iaid,
    },
  },
}

/** What becomes of a lease at T1, and what the client sends. @param knows whether a REQUEST is answered with the address */
function renewed(knows: boolean) {
  const network = server({ reply: ({ type }) => (knows && type === MessageType.REQUEST ? given : noBinding) })
  const seen = { sentences: [] }
  const begin = (clock: () => number) =>
    exchangeOf({ action: 'renew', family: 6, entry, now: () => clock() + 10_000, seen }) as Exchange<unknown>
  return play(begin, network)
}

test('after NoBinding the same address is requested, and the lease goes on', () => {
  const { outcome, sent } = renewed(true)
  assert.equal(sent, ['RENEW at 0', 'REQUEST at 5'])
  assert.equal((outcome as { lease: { addresses: string[] } }).lease.addresses, ['2001:db8::1'])
})

test('when that is refused, too, the lease is over', () => {
  assert.equal(renewed(false).outcome, 'refused')
})

test.run()
