/** Tests of private and vepa, which macvlan and ipvlan have, on the cable to a far host. */

import * as assert from 'uvu/assert'
import type { attachTwo } from './attach.ts'
import { far, type Netns } from './host.ts'
import { reflect } from './lan.ts'
import { inContainer } from './look.ts'
import { test } from './test.ts'
import { isSilent, pings } from './traffic.ts'

/** @param attachIn attaches two containers to the cable, in private or vepa @param distant the far host */
export function testIsolation(
  attachIn: (mode: string) => ReturnType<typeof attachTwo>,
  distant: Netns,
): void {
  const farAddresses = Object.values(far)

  test('private: containers reach the far host, but not each other', async () => {
    const { one, other, end } = await attachIn('private')
    for (const container of [one, other]) assert.ok(pings(container, ...farAddresses))
    assert.ok(isSilent(one, ...other.addresses))
    assert.ok(isSilent(other, ...one.addresses))
    await end()
  })

  test('vepa: containers reach each other only where the switch sends frames back', async () => {
    const { one, other, end } = await attachIn('vepa')
    for (const container of [one, other]) assert.ok(pings(container, ...farAddresses))
    assert.ok(isSilent(one, ...other.addresses))
    reflect(distant, 'eth0')
    assert.ok(pings(one, ...other.addresses))
    inContainer(distant, 'link delete switch')
    await end()
  })

  test('private: containers do not reach each other even where the switch sends frames back', async () => {
    const { one, other, end } = await attachIn('private')
    reflect(distant, 'eth0')
    assert.ok(isSilent(one, ...other.addresses))
    inContainer(distant, 'link delete switch')
    await end()
  })
}
