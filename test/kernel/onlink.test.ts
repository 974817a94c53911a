/** A hoster's address without a subnet: the gateway is elsewhere, and traffic goes by it all the same. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { newNetwork, single } from '../harness/networks.ts'
import { call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

/** The router: its own addresses, and the ones behind it. */
const far = farHost()
for (const address of ['172.31.1.1/32', 'fd99::1/128']) inContainer(far, `address add ${address} dev eth0`)
for (const address of ['192.0.2.77/32', 'fd77::77/128']) inContainer(far, `address add ${address} dev lo`)
for (const address of ['203.0.113.9/32', 'fd00:9::9/128']) inContainer(far, `route add ${address} dev eth0`)
ip('link add lan type bridge')
ip('link set lan up')

const engines: Engine[] = ['quickjs', 'node']
const ipam = {
  type: 'static',
  addresses: [
    { address: '203.0.113.9/32', gateway: '172.31.1.1' },
    { address: 'fd00:9::9/128', gateway: 'fd99::1' },
  ],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
}

for (const engine of engines)
  for (const [type, keys] of [
    ['macvlan', { master: 'uplink' }],
    ['bridge', { bridge: 'lan' }],
    ['ptp', {}],
  ] as const)
    test(`${type}: ADD, CHECK, traffic, DEL (${engine})`, async () => {
      const config = single(newNetwork(type, { ...keys, ipam }, '1.0.0'))
      const container = newContainer()
      const request = { engine, netns: container.path }
      const prevResult: Result = await added({ ...request, config })
      assert.equal(await call({ verb: 'CHECK', ...request, config: { ...config, prevResult } }), done)
      if (type === 'macvlan') assert.ok(pings(container, '192.0.2.77', 'fd77::77'))
      assert.equal(await call({ verb: 'DEL', ...request, config }), done)
    })

test.run()
