/** A gateway in no subnet of the container, as hosters have it: traffic goes by it all the same. */
// needs: link macvlan, link macvtap, link vxlan

import * as assert from 'uvu/assert'
import { done } from '../harness/attach.ts'
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
const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]
const [gateway, gateway6] = ['172.31.1.1', 'fd99::1']
const subnets = ['203.0.113.9/24', 'fd00:9::9/64']

/** IPAM sections, and whether they have a subnet that the gateway is not in: that may be a mistake, so a warning says it. */
const sections: Record<string, [ipam: object, isWarned: boolean]> = {
  'a single address': [
    {
      type: 'static',
      addresses: [
        { address: '203.0.113.9/32', gateway },
        { address: 'fd00:9::9/128', gateway: gateway6 },
      ],
      routes,
    },
    false,
  ],
  'a single address of host-local': [
    {
      type: 'host-local',
      ranges: [[{ subnet: '203.0.113.9/32', gateway }], [{ subnet: 'fd00:9::9/128', gateway: gateway6 }]],
      routes,
    },
    false,
  ],
  'a subnet': [
    {
      type: 'static',
      addresses: subnets.map((address) => ({ address })),
      routes: routes.map((route, at) => ({ ...route, gw: at === 0 ? gateway : gateway6 })),
    },
    true,
  ],
}

for (const engine of engines)
  for (const [type, keys] of [
    ['macvlan', { master: 'uplink' }],
    ['macvtap', { master: 'uplink' }],
    ['bridge', { bridge: 'lan' }],
    ['vxlan', { vni: 9, remotes: [], mtu: 1400 }],
    ['tap', {}],
    ['wire', {}],
    ['ptp', {}],
  ] as const)
    for (const [what, [ipam, isWarned]] of Object.entries(sections)) {
      // The gateway of a ptp is the host's end.
      if (type === 'ptp' && isWarned) continue
      test(`${type}, ${what}: ADD, CHECK, traffic, DEL (${engine})`, async () => {
        const config = single(newNetwork(type, { ...keys, ipam }, '1.0.0'))
        const container = newContainer()
        const request = { engine, netns: container.path }
        const { status, json, stderr } = await call({ verb: 'ADD', ...request, config })
        assert.is(status, 0, JSON.stringify(json))
        const gateways = [...stderr.matchAll(/the gateway (\S+) is in no subnet/g)].map(([, text]) => text)
        assert.equal(gateways, isWarned ? [gateway, gateway6] : [])
        const prevResult = json as unknown as Result
        assert.equal(await call({ verb: 'CHECK', ...request, config: { ...config, prevResult } }), done)
        if (type === 'macvlan') assert.ok(pings(container, '192.0.2.77', 'fd77::77'))
        assert.equal(await call({ verb: 'DEL', ...request, config }), done)
      })
    }

test.run()
