/** ptp with ipMasq: the source addresses that a far host and a neighbour see, with both back ends. */
// needs: nft ip

import * as assert from 'uvu/assert'
import { attach, attachTwo } from '../harness/attach.ts'
import { far, farHost, type Netns, near, privateHost } from '../harness/host.ts'
import { exampleNetwork, ptpNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings, sourcesAt, twice } from '../harness/traffic.ts'

await privateHost()

const mirror = await mirrorIn(farHost())
const net = exampleNetwork('101-ptp-masquerade.conflist')
const ipam = net.plugins[0]?.ipam

/** The source addresses that the far host sees of a container. */
const seenFrom = (container: Netns) => sourcesAt(mirror, container, Object.values(far))
const host = twice(Object.values(near))

test('without ipMasq the far host sees the container’s address', async () => {
  const one = await attach(ptpNetwork({ ipam }))
  assert.equal(seenFrom(one), twice(one.addresses))
  await one.del()
})

for (const ipMasqBackend of ['nftables', 'iptables', undefined])
  test(`${ipMasqBackend ?? 'the default back end'}: the far host sees the host’s address, a neighbour the container’s`, async () => {
    const { one, other, end } = await attachTwo(ptpNetwork({ ipam, ipMasq: true, ipMasqBackend }))
    assert.equal(seenFrom(one), host)
    const beside = await mirrorIn(other)
    assert.equal(sourcesAt(beside, one, other.addresses), twice(one.addresses))
    beside.stop()
    await end()
  })

test('101-ptp-masquerade.conflist: containers reach each other; the far host sees the host’s address', async () => {
  const { one, other, end } = await attachTwo(net)
  assert.ok(pings(one, ...other.addresses))
  assert.equal(seenFrom(one), host)
  await end()
})

test.run()
