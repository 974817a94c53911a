/** ptp with ipMasq: the source addresses that a far host and a neighbour see, with both back ends. */
// needs: nft ip

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { far, farHost, near, newContainer, privateHost } from '../harness/host.ts'
import { exampleNetwork, ptpNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, pings } from '../harness/traffic.ts'

await privateHost()

const mirror = await mirrorIn(farHost())
const net = exampleNetwork('101-ptp-masquerade.conflist')
const ipam = net.plugins[0]?.ipam

/** Two containers of a network, each with its IPv4 and IPv6 address. */
async function two(net: cnitool.Network) {
  const [one, other] = [newContainer(), newContainer()]
  const addressesOf = async (container: typeof one) => {
    const { ips } = await cnitool.add(net, container)
    const [ipv4 = '', ipv6 = ''] = ips.map(({ address }) => address.replace(/\/.*/, ''))
    return { ipv4, ipv6 }
  }
  const end = async () => {
    for (const container of [one, other]) await cnitool.del(net, container)
  }
  return { one, other, own: await addressesOf(one), neighbour: await addressesOf(other), end }
}

/** The source addresses that a server sees of a container, IPv4 and IPv6, over TCP and UDP. */
function sources(
  seer: typeof mirror,
  client: ReturnType<typeof newContainer>,
  { ipv4, ipv6 }: typeof far,
): string[] {
  const protocols = ['tcp', 'udp'] as const
  return [ipv4, ipv6].flatMap((to) => protocols.map((protocol) => seer.sourceOf(client, to, protocol)))
}

function twice({ ipv4, ipv6 }: typeof far): string[] {
  return [ipv4, ipv4, ipv6, ipv6]
}

test('without ipMasq the far host sees the container’s address', async () => {
  const { one, own, end } = await two(ptpNetwork({ ipam }))
  assert.equal(sources(mirror, one, far), twice(own))
  await end()
})

for (const ipMasqBackend of ['nftables', 'iptables', undefined])
  test(`${ipMasqBackend ?? 'the default back end'}: the far host sees the host’s address, a neighbour the container’s`, async () => {
    const { one, other, own, neighbour, end } = await two(ptpNetwork({ ipam, ipMasq: true, ipMasqBackend }))
    assert.equal(sources(mirror, one, far), twice(near))
    const beside = await mirrorIn(other)
    assert.equal(sources(beside, one, neighbour), twice(own))
    beside.stop()
    await end()
  })

test('101-ptp-masquerade.conflist: containers reach each other; the far host sees the host’s address', async () => {
  const { one, neighbour, end } = await two(net)
  for (const address of Object.values(neighbour)) assert.ok(pings(one, address), address)
  assert.equal(sources(mirror, one, far), twice(near))
  await cnitool.check(net, one)
  await end()
})

test.run()
