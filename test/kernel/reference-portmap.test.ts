/** What the reference's portmap attached by nftables: found, checked, and removed by container and address. */
// needs: nft ip

import * as assert from 'uvu/assert'
import type { Mapping } from '../../shared/firewall/portmap-rules.ts'
import { check, collect, has, portHolder, remove } from '../../shared/firewall/reference-portmap.ts'
import { netfilter } from '../../shared/firewall/table.ts'
import { type Address, parseAddress } from '../../shared/ip/address.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { mapByNftables } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { newBridge, ruleset } from './firewall-containers.ts'

await privateHost()
newBridge('br0', '10.88.0.1/24', 'fd88::1/64')
newBridge('br1', '10.89.0.1/24', 'fd89::1/64')

const address = (text: string) => parseAddress(text) as Address
const hostIP = address('10.88.0.1')
const mappings: Mapping[] = [
  { protocol: 'tcp', hostPort: 8080, containerPort: 80 },
  { protocol: 'udp', hostPort: 5353, containerPort: 53, hostIP },
  { protocol: 'sctp', hostPort: 300, containerPort: 4000 },
]
const [one, two] = [{ containerID: 'c1' }, { containerID: 'c2' }]

/** How many rules have a container's comment. */
function rulesOf({ containerID }: { containerID: string }): number {
  return ruleset().filter(({ rule }) => rule?.comment === containerID).length
}

function caught(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

/** A test, which begins with the rules of the first container in two networks, and of a second one. */
function scenario(sentence: string, version: '1.6' | '1.9', play: () => unknown): void {
  test(`${sentence} (${version})`, async () => {
    mapByNftables('c1', '10.88.0.2', mappings, version)
    mapByNftables('c1', 'fd88::2', mappings, version)
    mapByNftables('c1', '10.89.0.2', [{ protocol: 'tcp', hostPort: 9090, containerPort: 80 }], version)
    mapByNftables('c2', '10.88.0.3', [{ protocol: 'tcp', hostPort: 8081, containerPort: 80 }], version)
    try {
      await play()
    } finally {
      command('nft', 'flush', 'ruleset')
    }
  })
}

for (const version of ['1.6', '1.9'] as const) {
  scenario('rules are found by the container, and CHECK accepts what ADD has made', version, () => {
    assert.equal([has(one), has(two), has({ containerID: 'c' })], [true, true, false])
    check(one, address('10.88.0.2'), mappings, true)
    check(one, address('fd88::2'), mappings, true)
    check(one, address('10.89.0.2'), [{ protocol: 'tcp', hostPort: 9090, containerPort: 80 }], true)
  })

  scenario('a port is held by the container that has it, at one address or at all', version, () => {
    const [tcp, udp] = mappings as [Mapping, Mapping]
    const elsewhere = { ...udp, hostIP: address('10.89.0.1') }
    const holders = [tcp, udp, { ...udp, hostIP: undefined }, elsewhere, { ...tcp, hostPort: 8082 }]
    assert.equal(
      holders.map((mapping) => portHolder(4, mapping)),
      ['c1', 'c1', 'c1', undefined, undefined],
    )
    assert.equal([portHolder(4, { ...tcp, hostPort: 8081 }), portHolder(6, tcp)], ['c2', 'c1'])
    assert.is(portHolder(4, { ...tcp, protocol: 'udp' }), undefined)
  })

  scenario('CHECK does not take the rules of another container, address, port or protocol', version, () => {
    const [tcp] = mappings as [Mapping]
    const message = /^the reference's chain ip6? cni_hostport \w+ has no rule for /
    for (const [owner, where, mapping] of [
      [two, '10.88.0.2', tcp],
      [one, '10.88.0.3', tcp],
      [one, '10.88.0.2', { ...tcp, hostPort: 8081 }],
      [one, '10.88.0.2', { ...tcp, containerPort: 81 }],
      [one, '10.88.0.2', { ...tcp, protocol: 'udp' as const }],
      [one, '10.88.0.2', { ...tcp, hostIP }],
      [one, '10.88.0.2', { protocol: 'udp' as const, hostPort: 5353, containerPort: 53 }],
    ] as const)
      assert.match(
        caught(() => check(owner, address(where), [mapping], false)),
        message,
      )
  })

  scenario('CHECK notices what is gone: the source’s rules, the way in', version, () => {
    command('nft', 'flush chain ip cni_hostport masquerading')
    assert.match(
      caught(() => check(one, address('10.88.0.2'), mappings, true)),
      /masquerading has no rule/,
    )
    check(one, address('10.88.0.2'), mappings, false)
    command('nft', 'flush chain ip cni_hostport output')
    assert.match(
      caught(() => check(one, address('10.88.0.2'), mappings, false)),
      /output has no rule/,
    )
  })

  scenario(
    'DEL removes the rules of its addresses, and keeps those of other networks and containers',
    version,
    () => {
      remove(one, [address('10.88.0.2'), address('fd88::2')])
      assert.is(rulesOf(one), 3)
      check(one, address('10.89.0.2'), [{ protocol: 'tcp', hostPort: 9090, containerPort: 80 }], true)
      assert.is(rulesOf(two), 3)
      remove(one, [address('10.88.0.2')])
      assert.is(rulesOf(one), 3)
    },
  )

  scenario('DEL without known addresses removes all rules of the container', version, () => {
    remove(one)
    assert.equal([rulesOf(one), rulesOf(two), has(one)], [0, 3, false])
    remove(one)
  })
}

scenario('GC keeps the rules of addresses that a link of the host may have', '1.9', () => {
  assert.is(collect([two]), 0)
  ip('link set br1 down')
  assert.is(collect([one, two]), 0)
  assert.is(collect([two]), 3)
  check(one, address('10.88.0.2'), mappings, true)
  ip('link set br0 down')
  const left = rulesOf(one)
  assert.is(collect([two]), left)
  assert.equal([rulesOf(one), rulesOf(two)], [0, 3])
  for (const name of ['br0', 'br1']) ip(`link set ${name} up`)
})

test('GC of hundreds of rules works in parts', () => {
  for (let index = 0; index < 3; index++) {
    const many = Array.from({ length: 150 }, (_, port) => ({
      protocol: 'tcp' as const,
      hostPort: 10_000 + 150 * index + port,
      containerPort: 80,
    }))
    mapByNftables(`gone${index}`, `192.0.2.${index}`, many, '1.9')
  }
  assert.is(collect([]), 456)
  command('nft', 'flush', 'ruleset')
})

test('where the reference has nothing, a container costs a look-up for each family', () => {
  const before = netfilter().sequence
  assert.is(has(one), false)
  assert.is(netfilter().sequence - before, 2)
  remove(one)
  assert.is(collect([]), 0)
})

test.run()
