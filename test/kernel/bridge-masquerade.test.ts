/** bridge with ipMasq: the source addresses that a far host sees, with both back ends. */
// needs: nft ip

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { unchanged } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { addresses } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { type Mirror, mirrorIn } from '../harness/traffic.ts'

await privateHost()

const farNetns = farHost()
const farMirror = await mirrorIn(farNetns)

/** The source addresses that a server sees, IPv4 and IPv6, over TCP and UDP. */
function sources(mirror: Mirror, client: ReturnType<typeof newContainer>, to: typeof far): string[] {
  const protocols = ['tcp', 'udp'] as const
  return [to.ipv4, to.ipv6].flatMap((address) =>
    protocols.map((protocol) => mirror.sourceOf(client, address, protocol)),
  )
}

function plain(container: ReturnType<typeof newContainer>): { ipv4: string; ipv6: string } {
  const [ipv4 = '', ipv6 = ''] = addresses('eth0', container).map((cidr) => cidr.split('/')[0] ?? '')
  return { ipv4, ipv6 }
}

test('without ipMasq the far host sees the container’s address', async () => {
  const container = newContainer()
  await cnitool.add(bridgeNetwork({ isDefaultGateway: true }), container)
  const { ipv4, ipv6 } = plain(container)
  assert.equal(sources(farMirror, container, far), [ipv4, ipv4, ipv6, ipv6])
})

for (const ipMasqBackend of ['nftables', 'iptables', undefined]) {
  const backend = ipMasqBackend ?? 'the default back end'

  test(`${backend}: the far host sees the host's address, over IPv4 and IPv6`, async () => {
    const container = newContainer()
    await cnitool.add(bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend }), container)
    assert.equal(sources(farMirror, container, far), [near.ipv4, near.ipv4, near.ipv6, near.ipv6])
  })

  test(`${backend}: a neighbour on the bridge sees the container's address`, async () => {
    const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend })
    const [container, neighbour] = [newContainer(), newContainer()]
    await cnitool.add(net, container)
    await cnitool.add(net, neighbour)
    const mirror = await mirrorIn(neighbour)
    const { ipv4, ipv6 } = plain(container)
    assert.equal(sources(mirror, container, plain(neighbour)), [ipv4, ipv4, ipv6, ipv6])
    mirror.stop()
  })

  test(`${backend}: after DEL of one container the other is still masqueraded`, async () => {
    const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend })
    const [stays, goes] = [newContainer(), newContainer()]
    await cnitool.add(net, stays)
    await cnitool.add(net, goes)
    await cnitool.del(net, goes)
    await cnitool.check(net, stays)
    assert.equal(farMirror.sourceOf(stays, far.ipv4, 'tcp'), near.ipv4)
  })

  test(`${backend}: DEL removes the masquerade with CNI_NETNS empty and no prevResult`, async () => {
    const config = single(bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend }))
    const first = newContainer()
    await call({ verb: 'ADD', config, containerID: 'first', netns: first.path })
    const before = snapshot()
    const container = newContainer()
    const added = await call({ verb: 'ADD', config, containerID: 'gone', netns: container.path })
    assert.is(added.status, 0, JSON.stringify(added.json))
    removeContainer(container)
    const deleted = await call({ verb: 'DEL', config, containerID: 'gone', netns: '' })
    assert.equal(deleted, { status: 0, json: undefined, stderr: '' })
    unchanged(before)
  })
}

test.run()
