/** ipvlan's examples in conf-examples do what their README says. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { router } from '../harness/lan.ts'
import { addresses, inContainer, link, routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { bare } from '../harness/nic.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

interface Wired {
  one: Netns
  other: Netns
  far: Netns
}

/** Attaches two containers of an example on its LAN, runs checks on them, and detaches them. */
async function tryOut(number: number, file: string, look: (wired: Wired) => void): Promise<void> {
  const net = exampleNetwork(file)
  const far = router(number)
  const [one, other] = [newContainer(), newContainer()]
  for (const container of [one, other]) await cnitool.add(net, container)
  look({ one, other, far })
  for (const container of [one, other]) {
    await cnitool.check(net, container)
    await cnitool.del(net, container)
  }
  inContainer(far, 'link delete trunk')
  removeContainer(far)
}

/** The global addresses of a container. */
function all(container: Netns): string[] {
  return bare(addresses('eth0', container).map((address) => ({ address })))
}

test('80-ipvlan-l2.conflist: containers reach each other and the router, with the NIC’s MAC address', async () => {
  await tryOut(80, '80-ipvlan-l2.conflist', ({ one, other }) => {
    assert.ok(pings(one, ...all(other)) && pings(one, '192.168.80.1'))
    assert.is(link('eth0', one).address, link('eth0').address)
    assert.ok(routes(4, one).includes('default via 192.168.80.1'))
    assert.ok(isSilent(undefined, ...all(one)))
  })
})

test('81-ipvlan-l3.conflist: the LAN’s router routes to the containers, which have no gateway', async () => {
  await tryOut(81, '81-ipvlan-l3.conflist', ({ one, other, far }) => {
    inContainer(far, 'route add 10.81.0.0/24 via 192.168.81.10')
    inContainer(far, '-6 route add fd00:10:81::/64 via fd00:81::10')
    assert.ok(pings(one, ...all(other)) && pings(far, ...all(one)))
    assert.ok(pings(one, '192.168.81.1') && pings(one, 'fd00:81::1'))
    assert.ok(routes(4, one).includes('default') && routes(6, one).includes('default'))
  })
})

test('82-ipvlan-l3s.conflist: the LAN’s router routes to the containers', async () => {
  await tryOut(82, '82-ipvlan-l3s.conflist', ({ one, other, far }) => {
    inContainer(far, 'route add 10.82.0.0/24 via 192.168.82.10')
    assert.ok(pings(one, ...all(other)) && pings(far, ...all(one)) && pings(one, '192.168.82.1'))
  })
})

test('83-ipvlan-private.conflist: the router is reached, another container is not', async () => {
  await tryOut(83, '83-ipvlan-private.conflist', ({ one, other }) => {
    assert.ok(pings(one, '192.168.83.1') && pings(one, 'fd00:83::1'))
    assert.ok(isSilent(one, ...all(other)))
  })
})

test('84-ipvlan-vepa.conflist: containers reach each other where the switch sends frames back', async () => {
  await tryOut(84, '84-ipvlan-vepa.conflist', ({ one, other, far }) => {
    assert.ok(pings(one, '192.168.84.1'))
    assert.ok(isSilent(one, ...all(other)))
    inContainer(far, 'link add switch up type bridge')
    inContainer(far, 'link set trunk master switch')
    inContainer(far, 'link set trunk type bridge_slave hairpin on')
    assert.ok(pings(one, ...all(other)))
  })
})

test('85-ipvlan-host-access.conflist: host and containers reach each other, and the router', async () => {
  await tryOut(85, '85-ipvlan-host-access.conflist', ({ one, other }) => {
    assert.ok(pings(undefined, ...all(one)) && pings(undefined, ...all(other)) && pings(one, ...all(other)))
    for (const address of ['192.168.85.10', 'fd00:85::10', '192.168.85.1', 'fd00:85::1'])
      assert.ok(pings(one, address), address)
  })
})

test.run()
