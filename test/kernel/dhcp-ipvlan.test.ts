/** dhcp on ipvlan, whose interfaces share their parent's MAC address: servers answer to all, and know containers by their identifiers. */
// needs: link ipvlan
// packages: dnsmasq-base

import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const home = station(segment(), 'home', '10.1.0.1/24')
const server = await dnsmasqOn(home, {
  ranges: ['10.1.0.100,10.1.0.199,2m'],
  options: { router: '10.1.0.1' },
})

const ipvlan = { type: 'ipvlan', master: 'eth0', cniVersion: '1.1.0', name: 'lan' }

test('two ipvlans of one NIC have leases of their own, reach the router, and give them back', async () => {
  const ear = listenOn(home)
  const config = { ...ipvlan, mode: 'l2', ipam: { type: 'dhcp', timeout: 5 } }
  const attachments = ['one', 'other'].map((containerID) => {
    const container = newContainer()
    return { container, request: { config, containerID, netns: container.path } }
  })
  for (const { request } of attachments) await added(request)
  const found = attachments.map(({ container }) => addresses('eth0', container).join())
  assert.is(new Set(found).size, 2, found.join(' '))
  for (const { container } of attachments) assert.ok(pings(container, '10.1.0.1'))
  assert.ok(ear.dhcp()[0]?.isBroadcast)
  for (const { request } of attachments) assert.equal(await call({ verb: 'DEL', ...request }), done)
  await until('the server has its addresses back', () => server.leases().length === 0)
})

test('an ipvlan in mode l3 that another plugin has made is refused: no broadcast passes it', async () => {
  const container = newContainer()
  ip(`link add eth7 netns ${container.name} link eth0 type ipvlan mode l3`)
  const config = { ...ipvlan, type: 'dhcp', ipam: { type: 'dhcp' } }
  const { code, said } = await refused({ config, ifname: 'eth7', netns: container.path }, container)
  assert.is(code, 7)
  assert.match(said, 'eth7 is an ipvlan in mode l3, which no broadcast passes: use mode l2')
})

test.run()
