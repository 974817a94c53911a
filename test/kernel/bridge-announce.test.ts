/** bridge: IPv6 addresses without delay, and announcements to neighbours. */

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { refusal } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, sysctl } from '../harness/look.ts'
import { bridgeNetwork, fixed } from '../harness/networks.ts'
import type { Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { overhear, pings } from '../harness/traffic.ts'

await privateHost()

/** A network whose bridge exists, so that a test can listen on it. */
async function begun(keys: Record<string, unknown> = {}) {
  const net = bridgeNetwork({ isGateway: true, ...keys })
  const resident = newContainer()
  const { ips } = await cnitool.add(net, resident)
  return {
    net,
    resident,
    bridge: net.plugins[0]?.bridge as string,
    gateways: ips.map((ip) => ip.gateway ?? ''),
  }
}

test('ADD announces both addresses with the container’s MAC address', async () => {
  const { net, bridge } = await begun()
  let result: Result | undefined
  const heard = await overhear(bridge, 'arp or icmp6', async () => {
    result = await cnitool.add(net, newContainer())
  })
  const [ipv4, ipv6] = addressesOf(result?.ips)
  const mac = result?.interfaces[2]?.mac
  const said = (what: string) => heard.filter((line) => line.includes(` ${mac} > `) && line.includes(what))
  assert.ok(
    said(`who-has ${ipv4} tell ${ipv4}`).length + said(`Reply ${ipv4} is-at ${mac}`).length > 0,
    'ARP',
  )
  assert.ok(said(`neighbor advertisement, tgt is ${ipv6}`).length > 0, 'unsolicited neighbour advertisement')
})

test('a neighbour with an entry for the address’s former holder gets the new MAC address at once', async () => {
  const { net, resident } = await begun({
    ipam: fixed('10.200.0.9/24'),
  })
  inContainer(resident, 'address delete 10.200.0.9/24 dev eth0')
  inContainer(resident, 'address add 10.200.0.2/24 dev eth0')
  for (const _ of ['first', 'second']) {
    const container = newContainer()
    await cnitool.add(net, container)
    assert.ok(pings(resident, '10.200.0.9'))
    await cnitool.del(net, container)
  }
})

test('an IPv6 address is usable when ADD returns, without duplicate address detection', async () => {
  const { net } = await begun()
  const container = newContainer()
  await cnitool.add(net, container)
  assert.is(tentative(container), '')
  assert.is(sysctl('net/ipv6/conf/eth0/accept_dad', container), '0')
})

function tentative(container: Netns): string {
  return inContainer(container, '-6 address show dev eth0 scope global tentative')
}

test('the gateway’s IPv6 address answers when the first ADD returns', async () => {
  const { resident, gateways } = await begun()
  for (const gateway of gateways) assert.ok(pings(resident, gateway), gateway)
})

for (const keys of [{ dad: 'wait' }, { enabledad: true }])
  test(`${JSON.stringify(keys)}: duplicate address detection has ended when ADD returns`, async () => {
    const { net } = await begun(keys)
    const container = newContainer()
    await cnitool.add(net, container)
    assert.is(tentative(container), '')
    assert.is(sysctl('net/ipv6/conf/eth0/accept_dad', container), '1')
  })

test('"dad": "wait": an address that another machine has is refused and nothing is left', async () => {
  const { net } = await begun({ dad: 'wait', ipam: fixed('fd77::9/64') })
  const container = newContainer()
  assert.match(await refusal(cnitool.add(net, container)), /fd77::9 is in use already/)
  assert.is(inContainer(container, 'link show type veth'), '')
  removeContainer(container)
})

test.run()
