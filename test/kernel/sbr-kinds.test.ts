/** sbr behind macvlan, with tuning between, and behind ipvlan whose address has no gateway. */
// needs: link macvlan, link ipvlan

import * as assert from 'uvu/assert'
import { added, attach, done } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { removeLan, router } from '../harness/lan.ts'
import { inContainer, link, sysctl } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings, pingsWith } from '../harness/traffic.ts'

await privateHost()

test.after.each(removeLan)

test('242-macvlan-tuning-sbr.conflist: beyond the LAN answers come by it, although the default route is another network’s', async () => {
  const far = router(242)
  for (const words of ['address add 203.0.113.1/32 dev lo', '-6 address add 2001:db8:113::1/128 dev lo'])
    inContainer(far, words)
  inContainer(far, 'link set lo up')
  const container = newContainer()
  const cluster = bridgeNetwork({ isDefaultGateway: true })
  await cnitool.add(cluster, container)
  const extras = { ifname: 'net1', capabilities: { mac: '02:00:5e:10:00:09' } }
  const net = exampleNetwork('242-macvlan-tuning-sbr.conflist')
  const { addresses, check, del } = await attach(net, { container, ...extras })
  assert.is(link('net1', container).address, '02:00:5e:10:00:09')
  assert.is(sysctl('net/ipv4/conf/net1/accept_redirects', container), '0')
  for (const address of addresses) {
    const beyond = address.includes(':') ? '2001:db8:113::1' : '203.0.113.1'
    const answer = inContainer(container, `route get ${beyond} from ${address}`)
    assert.match(answer, 'dev net1')
    assert.ok(pings(far, address), address)
  }
  assert.match(inContainer(container, 'route get 203.0.113.1'), 'dev eth0')
  await check()
  await cnitool.check(cluster, container)
  await del()
  await cnitool.del(cluster, container)
  removeContainer(container)
})

/** Whether an address answers pings that come from another one. */
function pingsFrom(netns: Netns, from: string, address: string, seconds = 20): boolean {
  return pingsWith(['-I', from], netns, address, seconds)
}

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: ipvlan with an address of the capability ips, without a gateway: the subnet is reached; with gateways the rest, too`, async () => {
    const far = router(243)
    inContainer(far, 'address add 203.0.113.1/32 dev lo')
    inContainer(far, 'link set lo up')
    const ipvlan = { type: 'ipvlan', master: 'eth0', ipam: { type: 'static' } }
    for (const gateways of [undefined, ['192.168.243.1']]) {
      const { name, path } = newContainer()
      const attachment = { containerID: name, netns: path, engine }
      const whole = { name: 'net', cniVersion: '1.0.0', runtimeConfig: { ips: ['192.168.243.20/24'] } }
      const first = { ...whole, ...ipvlan, capabilities: { ips: true } }
      const prevResult = await added({ ...attachment, config: first })
      const second = { ...whole, type: 'sbr', gateways, prevResult }
      const { status, stderr } = await call({ ...attachment, verb: 'ADD', config: second })
      assert.is(status, 0)
      assert.is(stderr.includes('192.168.243.20 of eth0 has no gateway'), gateways === undefined)
      assert.ok(pingsFrom({ name, path }, '192.168.243.20', '192.168.243.1'))
      const isRouted = gateways !== undefined
      assert.is(pingsFrom({ name, path }, '192.168.243.20', '203.0.113.1', isRouted ? 20 : 2), isRouted)
      for (const config of [{ ...first, prevResult }, second])
        assert.equal(await call({ ...attachment, verb: 'CHECK', config }), done)
      for (const config of [second, { ...first, prevResult }])
        assert.is((await call({ ...attachment, verb: 'DEL', config })).status, 0)
      removeContainer({ name, path })
    }
  })

test.run()
