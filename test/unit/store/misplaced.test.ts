/** Values under keys that are not theirs: what another program has written there is reported, and changes nothing. */

import * as assert from 'uvu/assert'
import { type Address, parseAddress } from '../../../shared/ip/address.ts'
import { grantSingles, takeBack } from '../../../shared/store/claims/grant.ts'
import {
  claim,
  enterOnly,
  given,
  held,
  keys,
  type PoolHost,
  reservedIn,
  run,
  setReservation,
  twoHosts,
} from '../../harness/pool-host.ts'
import { test } from '../../harness/test.ts'

const id = '00000000-0000-4000-8000-00000000000b'
const common = { network: 'net', since: 'now' }
const singleAt = (text: string) => keys.single('blue', parseAddress(text) as Address)

/** Another program writes a key. */
async function put({ store }: PoolHost, key: string, value: object): Promise<void> {
  const write = { put: { key, value: JSON.stringify(value) } }
  await store.ask({ kind: 'transact', when: [], do: [write], otherwise: [] })
}

const single = (address: string, state: string) => ({
  ...{ ...common, address, id, state },
  ...{ host: 'three', owner: 'one' },
})

test('a wish for an address under the key of another one is not granted', async () => {
  const { one } = await twoHosts()
  await put(one, singleAt('10.1.0.4'), single('10.1.0.5', 'asked'))
  assert.is(await run(one, grantSingles(given(one), 'blue')), 0)
  assert.equal(reservedIn(one, 'net', '10.1.0.5'), [])
  assert.match(one.reports.join(), `${singleAt('10.1.0.4')} says 10.1.0.5: left as it is`)
})

test('an address that was granted stays its host’s when its key has the value of another address', async () => {
  const { one } = await twoHosts()
  const address = '10.1.0.4'
  setReservation(one, 'net', address, 'pool:two')
  await put(one, singleAt(address), single('10.1.0.5', 'granted'))
  const lent = [{ dataDir: '/data', network: 'net', address, host: 'two' }]
  assert.equal(await run(one, takeBack(given(one), 'blue', lent)), [])
  assert.equal(reservedIn(one, 'net', address), [address])
})

test('a new owner of a block reserves no address for a key of another one', async () => {
  const { two } = await twoHosts()
  await put(two, singleAt('10.1.0.20'), single('10.1.0.21', 'granted'))
  assert.is(await claim(two, 1), '10.1.0.16/28')
  assert.equal(two.disk.reserved.net ?? {}, {})
})

for (const block of ['10.1.0.0/16', '10.1.0.4/28'])
  test(`a host whose files are lost does not take ${block} for its own where the pool has 10.1.0.0/28`, async () => {
    const { one } = await twoHosts()
    const key = keys.block('blue', parseAddress('10.1.0.0') as Address)
    await put(one, key, { ...common, block, host: 'one', id: one.disk.memory.id })
    one.disk = { ...one.disk, holdings: [] }
    setReservation(one, 'net', '10.1.0.5', 'c1')
    await enterOnly(one)
    assert.equal([held(one), held(one, 'net', 'leaving')], [[], []])
    assert.match(one.reports.join(), `says ${block}: left as it is`)
  })

test.run()
