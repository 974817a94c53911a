/** The time of day is set while a lease is held, forwards and backwards: its times go on as if it were not. */
// needs: clock of its own, link macvlan

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import { entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { checked, newServed, serve } from '../harness/dhcp-served.ts'
import { privateHost } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { runAlone } from '../harness/program.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

const day = 24 * 60 * 60
const now = () => Math.floor(Date.now() / 1000)
const setClock = (seconds: number) => assert.is(runAlone('date', ['-u', '-s', `@${seconds}`]).status, 0)

test('a clock that is set a day forwards, and two back, neither ends a lease nor keeps it from being renewed at T1', async () => {
  const at = newServed()
  const server = await serve(at, { times: [20, 2, 18] })
  const guest = await attach(at.net)
  const renewer = await startRenewer()
  const asked = () => at.ear.asked().length
  const since = () => entryOf(guest)?.lease4?.since ?? 0
  for (const step of [day, -2 * day, day]) {
    const [begun, former] = [since(), asked()]
    const date = now() + step
    setClock(date)
    assert.ok(Math.abs(now() - date) < day / 2)
    assert.is(await checked(guest), 'fine')
    await until('the lease is renewed', () => since() > begun && asked() > former)
    assert.equal(new Set(at.ear.asked().slice(former)), new Set(['REQUEST']))
    assert.equal(addresses('eth0', guest), [`${at.yiaddr}/24`])
  }
  assert.not.ok(renewer.log().some((line) => line.includes('changed')))
  await guest.del()
  await renewer.end()
  await server.end()
})

test.run()
