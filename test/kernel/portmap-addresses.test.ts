/** Host ports at single addresses, of single families, and under conditions: what is taken, and what is not, by each back end. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import { refusal } from '../harness/expect.ts'
import {
  far,
  farHost,
  type Netns,
  near,
  newContainer,
  privateHost,
  removeContainer,
  usableAtOnce,
} from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { type Mirror, mirrorIn } from '../harness/traffic.ts'
import { traces, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()

const backends = ['nftables', 'iptables'] as const

/** Port 8080 of the host, at these addresses. */
const at = (...addresses: string[]) => ({
  capabilities: {
    portMappings: addresses.map((hostIP) => ({
      hostPort: 8080,
      containerPort: 7000,
      protocol: 'tcp',
      hostIP,
    })),
  },
})

const mirrors = new Map<string, Mirror>()

/** Which of these addresses lead to the container's server from a namespace, or from the host. */
async function reached(
  container: Attached,
  client: Netns | undefined,
  ...addresses: string[]
): Promise<string[]> {
  const server = mirrors.get(container.name) ?? (await mirrorIn(container))
  mirrors.set(container.name, server)
  const found = addresses.filter((address) => {
    try {
      return server.sourceOf(client, address, 'tcp', 8080)
    } catch (error) {
      assert.match(String(error), /refused/)
      return false
    }
  })
  return found
}

async function end(...all: Attached[]): Promise<void> {
  for (const { check } of all) await check()
  for (const { del } of all) await del()
  for (const each of all) removeContainer(each)
}

for (const backend of backends)
  test(`${backend}: a port at one address of each family is taken there, and at no other address of the host`, async () => {
    const one = await attach(withPorts({ backend }), at(near.ipv4, near.ipv6))
    const gateways = one.result.ips.map(({ gateway = '' }) => gateway)
    const all = [near.ipv4, near.ipv6, ...gateways, '127.0.0.1']
    assert.equal(await reached(one, undefined, ...all), [near.ipv4, near.ipv6])
    assert.equal(await reached(one, outside, ...all.slice(0, 2)), [near.ipv4, near.ipv6])
    await end(one)
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: a port at 127.0.0.1 is for the host alone`, async () => {
    const one = await attach(withPorts({ backend }), at('127.0.0.1'))
    assert.equal(await reached(one, undefined, '127.0.0.1', near.ipv4, near.ipv6), ['127.0.0.1'])
    assert.equal(await reached(one, outside, near.ipv4, near.ipv6), [])
    await end(one)
    assert.equal(traces(), [])
  })

for (const backend of backends)
  test(`${backend}: a port that two containers have in a family each is refused to a third in both`, async () => {
    const net = withPorts({ backend })
    const [four, six] = [await attach(net, at('0.0.0.0')), await attach(net, at('::'))]
    assert.equal(await reached(four, outside, near.ipv4), [near.ipv4])
    assert.equal(await reached(six, outside, near.ipv6), [near.ipv6])
    for (const asked of [at(''), at(near.ipv4), at(near.ipv6)]) {
      const third = newContainer()
      const said = await refusal(attach(net, { container: third, ...asked }))
      assert.match(said, /host port (\S+:)?8080\/tcp is taken by/)
      removeContainer(third)
    }
    await end(four, six)
    assert.equal(traces(), [])
  })

for (const [number, backend] of backends.entries())
  for (const [family, subnet] of [
    [4, `10.9${number}.0.0/24`],
    [6, `fd9${number}::/64`],
  ] as const)
    test(`${backend}: a container with IPv${family} alone has the ports of its family; those at addresses of the other are left out`, async () => {
      const net = withPorts({ backend }, undefined, { ipam: hostLocal(subnet) })
      const [own, other] = family === 4 ? [near.ipv4, near.ipv6] : [near.ipv6, near.ipv4]
      for (const asked of [at(''), at(own, other), at('0.0.0.0', '::')]) {
        const one = await attach(net, asked)
        assert.equal(await reached(one, outside, own, other), [own])
        await end(one)
      }
      const none = await attach(net, at(other))
      assert.equal(await reached(none, outside, own, other), [])
      await end(none)
      assert.equal(traces(), [])
    })

const conditions = {
  nftables: { conditionsV4: ['ip', 'saddr', far.ipv4], conditionsV6: ['ip6', 'saddr', far.ipv6] },
  iptables: { conditionsV4: ['-s', far.ipv4], conditionsV6: ['-s', far.ipv6] },
}

for (const backend of backends)
  test(`${backend}: conditions are those of their network, whatever networks come and go`, async () => {
    const one = await attach(withPorts({ backend, ...conditions[backend] }), at(''))
    const isGuarded = async () => {
      assert.equal(await reached(one, outside, near.ipv4, near.ipv6), [near.ipv4, near.ipv6])
      assert.equal(await reached(one, undefined, near.ipv4, near.ipv6), [])
    }
    await isGuarded()
    const asked = { capabilities: { portMappings: [{ hostPort: 8081, containerPort: 7000 }] } }
    const other = await attach(withPorts({ backend }), asked)
    const server = await mirrorIn(other)
    assert.is(server.sourceOf(undefined, near.ipv6, 'tcp', 8081), near.ipv6)
    await isGuarded()
    await end(other)
    await isGuarded()
    await end(one)
    assert.equal(traces(), [])
  })

test.run()
