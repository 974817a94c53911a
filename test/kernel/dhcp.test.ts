/** dhcp asks a real server through the container's interface, and gives back what it has got. */
// needs: link macvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, link, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()
const lan = segment()
const server = await dnsmasqOn(station(lan, 'one', '10.1.0.1/24'), {
  ranges: ['10.1.0.100,10.1.0.110,2m'],
  options: {
    router: '10.1.0.1',
    26: '1400',
    6: '10.1.0.2',
    15: 'a.example',
    119: 'b.example',
    121: '10.9.0.0/16,10.1.0.3,0.0.0.0/0,10.1.0.1',
  },
})

test('macvlan', async () => {
  const container = newContainer()
  const net: cnitool.Network = {
    cniVersion: '1.0.0',
    name: 'n',
    plugins: [{ type: 'macvlan', master: 'eth0', ipam: { type: 'dhcp' } }],
  }
  console.time('add')
  const result = await cnitool.add(net, container)
  console.timeEnd('add')
  console.log(
    JSON.stringify(result),
    addresses('eth0', container),
    routes(4, container),
    link('eth0', container).mtu,
  )
  await cnitool.check(net, container)
  console.log(server.leases())
  console.time('del')
  await cnitool.del(net, container)
  console.timeEnd('del')
  await until('released', () => server.leases().length === 0)
  await cnitool.del(net, container)
  console.log(server.log().slice(-40).join('\n'))
})
test.run()
