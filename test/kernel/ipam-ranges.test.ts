/** Which addresses host-local gives: not the excluded ones, all of the smallest subnets, requested ones outside of a range. */

import * as assert from 'uvu/assert'
import { done, errorOf } from '../harness/attach.ts'
import { privateHost } from '../harness/host.ts'
import { call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

let networks = 0

/** A network of host-local alone. The namespace does not exist: IPAM does not open it. */
function networkOf(engine: Engine, ipam: object) {
  const config = {
    cniVersion: '1.0.0',
    name: `net${++networks}`,
    type: 'host-local',
    ipam: { type: 'host-local', ...ipam },
  }
  const request = (containerID: string, args = '') => ({ engine, config, containerID, args, netns: '/none' })
  return {
    /** ADD. @returns the address and the gateway, or the error's code */
    async add(containerID: string, args?: string) {
      const { status, json } = await call({ verb: 'ADD', ...request(containerID, args) })
      if (status !== 0) return errorOf({ json }).code
      const [ip] = (json as unknown as Result).ips
      const prevResult = json
      assert.equal(
        await call({ verb: 'CHECK', ...request(containerID), config: { ...config, prevResult } }),
        done,
      )
      return [ip?.address, ip?.gateway]
    },
    del: async (containerID: string) =>
      assert.equal(await call({ verb: 'DEL', ...request(containerID) }), done),
  }
}

for (const engine of ['quickjs', 'node'] as const) {
  test(`excluded addresses are not given, of one range and of all (${engine})`, async () => {
    const { add } = networkOf(engine, {
      ranges: [[{ subnet: '10.1.0.0/29', exclude: ['10.1.0.2'] }]],
      exclude: ['10.1.0.4/31'],
    })
    assert.equal(await add('one'), ['10.1.0.3/29', '10.1.0.1'])
    assert.equal(await add('two'), ['10.1.0.6/29', '10.1.0.1'])
    assert.is(await add('three'), 11)
    assert.is(await add('four', 'IP=10.1.0.2'), 7)
    const outside = networkOf(engine, {
      ranges: [
        [
          {
            subnet: 'fd00:1::/64',
            rangeStart: 'fd00:1::10',
            rangeEnd: 'fd00:1::12',
            exclude: ['fd00:1::10', 'fd00:1::50'],
          },
        ],
      ],
      allowOutsideRange: true,
    })
    assert.equal(await outside.add('five'), ['fd00:1::11/64', 'fd00:1::1'])
    for (const address of ['fd00:1::10', 'fd00:1::50'])
      assert.is(await outside.add('six', `IP=${address}`), 7)
    assert.equal(await outside.add('seven', 'IP=fd00:1::51'), ['fd00:1::51/64', 'fd00:1::1'])
  })

  for (const [subnet, ...given] of [
    ['10.1.0.0/31', '10.1.0.0/31', '10.1.0.1/31'],
    ['10.1.0.9/32', '10.1.0.9/32'],
    ['fd00::/127', 'fd00::/127', 'fd00::1/127'],
    ['fd00::9/128', 'fd00::9/128'],
  ] as const)
    test(`all addresses of ${subnet} are given, without a gateway (${engine})`, async () => {
      const { add, del } = networkOf(engine, { subnet })
      for (const [at, address] of given.entries()) assert.equal(await add(`c${at}`), [address, undefined])
      assert.is(await add('more'), 11)
      await del('c0')
      assert.equal(await add('more'), [given[0], undefined])
    })

  test(`a requested address of the subnet may lie outside of the range, if the configuration says so (${engine})`, async () => {
    const range = { subnet: '10.1.0.0/24', rangeStart: '10.1.0.100' }
    assert.is(await networkOf(engine, range).add('one', 'IP=10.1.0.7'), 7)
    const { add, del } = networkOf(engine, { ...range, allowOutsideRange: true })
    assert.equal(await add('one', 'IP=10.1.0.7'), ['10.1.0.7/24', '10.1.0.1'])
    assert.is(await add('two', 'IP=10.1.0.7'), 11)
    assert.is(await add('two', 'IP=10.1.0.1'), 7)
    assert.is(await add('two', 'IP=10.9.0.1'), 7)
    assert.equal(await add('two'), ['10.1.0.100/24', '10.1.0.1'])
    await del('one')
    assert.equal(await add('three', 'IP=10.1.0.7'), ['10.1.0.7/24', '10.1.0.1'])
  })
}

test.run()
