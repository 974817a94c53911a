/** What ADD accepts, CHECK accepts, at once and later: bridges of others, gateways that are none, two default routes. */

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { farHost, type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, hostEnd, inContainer, link, routes } from '../harness/look.ts'
import { bridgeNetwork, hostLocal, newNetwork, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']

interface Attachment {
  config: Configuration
  containerID: string
  container: Netns
  ifname?: string
  engine?: Engine
}

/** ADD, and CHECK at once. @returns the result, and functions for CHECK and DEL */
async function attached({ container, ...attachment }: Attachment) {
  const request = { ...attachment, netns: container.path }
  const prevResult = await added(request)
  const check = () => checked(attachment, container, prevResult)
  await check()
  const del = async () => assert.equal((await call({ verb: 'DEL', ...request })).status, 0)
  return { result: prevResult, check, del }
}

async function checked(attachment: Omit<Attachment, 'container'>, { path }: Netns, prevResult: Result) {
  const config = { ...attachment.config, prevResult }
  assert.equal(await call({ verb: 'CHECK', ...attachment, config, netns: path }), done)
}

for (const engine of engines) {
  for (const isGateway of [true, false])
    test(`a bridge that the operator made, ${isGateway ? 'with' : 'without'} gateway: CHECK while containers come and go, and no loss (${engine})`, async () => {
      const config = single(bridgeNetwork({ isGateway }, '1.0.0'))
      const bridge = String((config as Configuration).bridge)
      ip(`link add ${bridge} type bridge`)
      ip(`link set ${bridge} up`)
      const [one, other] = [newContainer(), newContainer()]
      const first = await attached({ config, containerID: 'one', container: one, engine })
      const { interfaces } = first.result
      assert.is(interfaces[0]?.mac, link(bridge).address)
      const second = await attached({ config, containerID: 'other', container: other, engine })
      // The bridge takes the lowest address of its ports, unless its own was set.
      ip(`link set ${hostEnd(other).ifname} address 02:00:00:00:00:01`)
      for (const { check } of [first, second]) await check()
      if (isGateway) assert.is(link(bridge).address, interfaces[0]?.mac)
      await second.del()
      await first.check()
      if (isGateway) assert.ok(pings(one, addresses(bridge)[0]?.replace(/\/.*/, '') ?? ''))
      await first.del()
    })

  for (const [type, keys] of [
    ['bridge', { isGateway: true }],
    ['bridge', { isDefaultGateway: true }],
    ['ptp', {}],
    ['macvlan', { master: 'uplink' }],
  ] as const)
    for (const [what, ipam] of [
      [
        'static',
        {
          addresses: [
            { address: '10.4.5.6/16', gateway: '0.0.0.0' },
            { address: 'fd04::6/64', gateway: '::' },
          ],
        },
      ],
      [
        'host-local',
        {
          ranges: [[{ subnet: '10.4.0.0/16', gateway: '0.0.0.0' }], [{ subnet: 'fd04::/64', gateway: '::' }]],
        },
      ],
    ] as const)
      test(`a gateway of 0.0.0.0 or :: is none, and routes go by the device: ${type} ${JSON.stringify(keys)}, ${what} (${engine})`, async () => {
        const given = [
          { dst: '0.0.0.0/0' },
          { dst: '::/0', gw: '::' },
          { dst: '10.99.0.0/24', gw: '0.0.0.0' },
        ]
        const config = single(
          newNetwork(type, { ...keys, ipam: { type: what, ...ipam, routes: given } }, '1.0.0'),
        )
        const container = newContainer()
        const { del } = await attached({ config, containerID: 'one', container, engine })
        assert.ok(['default', '10.99.0.0/24'].every((route) => routes(4, container).includes(route)))
        assert.ok(routes(6, container).includes('default'))
        await del()
      })
}

for (const engine of engines)
  test(`of two default routes the newest is used, with keepDefaultRoute the first; CHECK of both agrees (${engine})`, async () => {
    const network = (number: number, keys: object) =>
      single(
        bridgeNetwork(
          {
            isGateway: true,
            ...keys,
            ipam: {
              ...hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`),
              routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
            },
          },
          '1.0.0',
        ),
      )
    const used = (container: Netns) =>
      ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3'].map(
        (to) => /dev (\S+)/.exec(inContainer(container, `route get ${to}`))?.[1],
      )
    for (const [number, keys, expected] of [
      [31, {}, 'net1'],
      [41, { keepDefaultRoute: true }, 'eth0'],
    ] as const) {
      const container = newContainer()
      const one = await attached({ config: network(number, keys), containerID: 'two', container, engine })
      const two = await attached({
        config: network(number + 1, keys),
        containerID: 'two',
        container,
        ifname: 'net1',
        engine,
      })
      for (const { check } of [one, two]) await check()
      assert.equal(new Set(used(container)), new Set([expected]))
      await two.del()
      await one.check()
      assert.equal(new Set(used(container)), new Set(['eth0']))
      await one.del()
    }
  })

test.run()
