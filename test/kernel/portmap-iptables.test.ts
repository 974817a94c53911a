/** Host ports by iptables on a real kernel: who reaches the container, and which source address it sees. */
// needs: nft ip, iptables

import * as assert from 'uvu/assert'
import { add, check, remove } from '../../shared/firewall/portmap-iptables.ts'
import type { Refuse } from '../../shared/firewall/portmap-iptables-holders.ts'
import { portChain } from '../../shared/firewall/portmap-iptables-rules.ts'
import type { Mapping, PortRules } from '../../shared/firewall/portmap-rules.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { caught } from '../harness/expect.ts'
import { far, near, privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { twice } from '../harness/traffic.ts'
import type { Container } from './firewall-containers.ts'
import { twoServers } from './portmap-iptables-host.ts'
import { both, nat, rulesOf, sees } from './portmap-mappings.ts'

await privateHost()
const { outside, one, two, server, serverOfTwo, scenario } = await twoServers()

/** Port 8080 of TCP, at one address of the host. */
function atAddress(container: Container, text: string): PortRules[] {
  const mapping: Mapping = { protocol: 'tcp', hostPort: 8080, containerPort: 7000 }
  const hostIP = parseAddress(text)
  return rulesOf(container, { mappings: [{ ...mapping, ...(hostIP && { hostIP }) }] })
}

scenario(
  'a far host reaches the container in both families, and the container sees its address',
  async () => {
    await add(rulesOf(one))
    assert.equal(sees(server, outside, near.ipv4), twice([far.ipv4]))
    assert.equal(sees(server, outside, near.ipv6), twice([far.ipv6]))
    await remove(one.attachment)
    assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  },
)

scenario(
  'the host reaches it by its addresses and by localhost, and so do the container and its neighbour',
  async () => {
    await add(rulesOf(one))
    assert.equal(sees(server, undefined, near.ipv4), twice([near.ipv4]))
    assert.equal(sees(server, undefined, '127.0.0.1'), twice(['10.88.0.1']))
    assert.equal(sees(server, undefined, near.ipv6), twice([near.ipv6]))
    for (const client of [one.netns, two.netns]) {
      assert.equal(sees(server, client, near.ipv4), twice(['10.88.0.1']))
      assert.equal(sees(server, client, near.ipv6), twice(['fd88::1']))
    }
  },
)

scenario('::1 refuses at once, so that a client of localhost tries 127.0.0.1 next', async () => {
  await add(rulesOf(one))
  assert.throws(() => server.sourceOf(undefined, '::1', 'tcp', 8080), /refused/)
  await check(rulesOf(one))
})

scenario('masqAll: the container sees the host', async () => {
  await add(rulesOf(one, { masqAll: true }))
  assert.equal(sees(server, outside, near.ipv4), twice(['10.88.0.1']))
  assert.equal(sees(server, outside, near.ipv6), twice(['fd88::1']))
  await check(rulesOf(one, { masqAll: true }))
})

scenario('only the given address of the host is taken, and the other family is not', async () => {
  const rules = atAddress(one, near.ipv4)
  await add(rules)
  await check(rules)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.throws(() => server.sourceOf(outside, near.ipv6, 'tcp', 8080), /refused/)
  assert.throws(() => server.sourceOf(undefined, '10.88.0.1', 'tcp', 8080), /refused/)
})

scenario('the unspecified address is all addresses of its family', async () => {
  await add(atAddress(one, '0.0.0.0'))
  await check(atAddress(one, '0.0.0.0'))
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.throws(() => server.sourceOf(outside, near.ipv6, 'tcp', 8080), /refused/)
})

scenario('packets that do not fulfil the conditions pass by', async () => {
  const conditions = ['!', '-s', far.ipv4, '-m', 'comment', '--comment', 'a "quoted" \\ word']
  const [rules] = rulesOf(one, { conditions })
  assert.ok(rules)
  await add([rules])
  await check([rules])
  assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  assert.is(server.sourceOf(undefined, near.ipv4, 'tcp', 8080), near.ipv4)
  assert.ok(nat().some((line) => line.includes('--comment "a \\"quoted\\" \\\\ word"')))
  const error = await caught(check([{ ...rules, conditions: ['!', '-s', '192.0.2.1'] }]))
  assert.match(error.message, /no rule -A CNI-HOSTPORT-DNAT .*192\.0\.2\.1/)
})

scenario('another bit marks in the same chains', async () => {
  await add(rulesOf(one))
  await add(rulesOf(two, { mappings: both.map((each) => ({ ...each, hostPort: 8081 })), markMasqBit: 31 }))
  const marks = nat().filter((line) => /^-A CNI-HOSTPORT-(SETMARK|MASQ)/.test(line))
  assert.is(marks.filter((line) => line.includes('0x2000/0x2000')).length, 4)
  assert.is(marks.filter((line) => line.includes('0x80000000/0x80000000')).length, 4)
  assert.is(server.sourceOf(two.netns, near.ipv4, 'tcp', 8080), '10.88.0.1')
})

scenario(
  'a port at one address is refused where it is taken at all, and the other way round; another address is free',
  async () => {
    await add(rulesOf(one))
    assert.match((await caught(add(atAddress(two, near.ipv4)))).message, /taken by container c1/)
    await remove(one.attachment)
    await add(atAddress(one, near.ipv4))
    assert.match((await caught(add(rulesOf(two)))).message, /taken by container c1/)
    assert.match((await caught(add(atAddress(two, near.ipv4)))).message, /taken by container c1/)
    await add(atAddress(two, '10.88.0.1'))
    assert.is(serverOfTwo.sourceOf(undefined, '10.88.0.1', 'tcp', 8080), '10.88.0.1')
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  },
)

scenario(
  'a container that has ended loses its port to the next one, and its late DEL leaves that one alone',
  async () => {
    await add(rulesOf(one))
    const asked: string[] = []
    const hasEnded: Refuse = (_, { network, containerID }) => void asked.push(`${network} ${containerID}`)
    await add(rulesOf(two), hasEnded)
    assert.equal(new Set(asked), new Set([`zero ${one.attachment.containerID}`]))
    assert.not.ok(nat().some((line) => line.includes(portChain(one.attachment))))
    await remove(one.attachment)
    await check(rulesOf(two))
    assert.equal(sees(serverOfTwo, outside, near.ipv4), twice([far.ipv4]))
  },
)

scenario('twenty ports of a protocol are two rules, as a rule has fifteen at most', async () => {
  const mappings = Array.from({ length: 20 }, (_, index) => ({
    protocol: 'tcp' as const,
    hostPort: 9000 + index,
    containerPort: 7000,
  }))
  await add(rulesOf(one, { mappings }))
  await check(rulesOf(one, { mappings }))
  const entrances = nat().filter((line) => line.startsWith('-A CNI-HOSTPORT-DNAT'))
  assert.equal(
    entrances.map((line) => line.split(',').length),
    [15, 5, 15, 5],
  )
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 9019), far.ipv4)
})

test.run()
