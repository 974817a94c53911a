/** macvlan with hostAccess: host and containers reach each other, and nobody else notices. */
// needs: link macvlan

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { ip, ipJson } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { addresses, exists, inContainer, link, sysctl } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { difference, snapshot } from '../harness/snapshot.ts'
import { mirrorIn, overhear, pings } from '../harness/traffic.ts'

await privateHost()
const distant = farHost()

let networks = 0

/** On the LAN of the far host, or in subnets that are not the host's. */
const onLan = ['198.51.100.0/24', '2001:db8:51::/64']
const apart = ['10.60.0.0/24', 'fd60::/64']

function lan(keys: Record<string, unknown> = {}, [ipv4 = '', ipv6 = '']: string[] = onLan): cnitool.Network {
  const range = (subnet: string, first: string) => [{ subnet, rangeStart: subnet.replace(/0?\/.*/, first) }]
  const ipam = { type: 'host-local', ranges: [range(ipv4, '100'), range(ipv6, '100')] }
  const name = `lan${++networks}`
  return cnitool.network(name, { type: 'macvlan', master: 'uplink', hostAccess: true, ipam, ...keys })
}

function plain(cidrs: { address: string }[]): string[] {
  return cidrs.map(({ address }) => address.replace(/\/.*/, ''))
}

for (const [where, subnets] of Object.entries({ 'on the host’s LAN': onLan, 'in subnets apart': apart }))
  test(`a container ${where} and the host reach each other, over IPv4 and IPv6`, async () => {
    const container = newContainer()
    const net = lan({}, subnets)
    const { ips } = await cnitool.add(net, container)
    for (const address of plain(ips)) assert.ok(pings(undefined, address), `the host ${address}`)
    for (const address of [near.ipv4, near.ipv6])
      assert.ok(pings(container, address), `the container ${address}`)
    await cnitool.check(net, container)
    await cnitool.del(net, container)
  })

test.run()
