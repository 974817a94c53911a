/** What passes with firewall in the list: to a far host and back, to other networks, within one, to the host; on hosts that drop, too. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { type Attached, attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { far, farHost, near, newContainer, privateHost, setSysctl, usableAtOnce } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, mirrorIn, pings } from '../harness/traffic.ts'

await privateHost()
usableAtOnce()
const distant = farHost()

type Keys = Record<string, unknown>

/** A bridge network, with firewall after it unless the keys are undefined. */
function chain(keys: Keys | undefined): Network {
  const net = bridgeNetwork({ isDefaultGateway: true })
  return { ...net, plugins: [...net.plugins, ...(keys ? [{ type: 'firewall', ...keys }] : [])] }
}

/** The same network, in which port 8080 of the host leads to the container. */
function published(net: Network): Network {
  const portMappings = ['tcp', 'udp'].map((protocol) => ({ hostPort: 8080, containerPort: 7000, protocol }))
  const [first, ...others] = net.plugins.map((plugin) =>
    plugin.type === 'bridge' ? { ...plugin, hairpinMode: true } : plugin,
  )
  const portmap = { type: 'portmap', runtimeConfig: { portMappings } }
  return { ...net, plugins: [...(first ? [first] : []), portmap, ...others] }
}

const both = Object.values(far)
const gateways = ({ result }: Attached) => result.ips.map(({ gateway = '' }) => bare(gateway))

/** A test whose containers are detached, and after which no rule of ours is left. */
function scenario(sentence: string, play: (add: (net: Network) => Promise<Attached>) => unknown): void {
  test(sentence, async () => {
    const attached: Attached[] = []
    const add = async (net: Network) => {
      const one = await attach(net)
      attached.push(one)
      return one
    }
    try {
      await play(add)
      for (const { check } of attached) await check()
      for (const { del } of attached) await del()
      const rules = command('sh', '-c', 'nft list ruleset; iptables-legacy-save; ip6tables-legacy-save')
      assert.not.match(rules, /patchbay|CNI-/i)
    } finally {
      command('nft', 'flush ruleset')
      for (const program of ['iptables-legacy', 'ip6tables-legacy'])
        command(
          'sh',
          '-c',
          `${program} -P FORWARD ACCEPT; ${program} -P INPUT ACCEPT; ${program} -F; ${program} -X`,
        )
    }
  })
}

scenario('open, where nothing drops: all reach each other', async (add) => {
  const [one, other] = [await add(chain({})), await add(chain({}))]
  assert.ok(pings(one, ...both, ...gateways(one), ...other.addresses))
  assert.ok(pings(distant, ...one.addresses))
  assert.ok(pings(undefined, ...one.addresses))
  assert.is(command('nft', 'list ruleset'), '')
})

for (const backend of ['nftables', 'iptables'])
  scenario(
    `same-bridge by ${backend}: networks with a policy do not reach each other; their own, others and the far host do`,
    async (add) => {
      const [net, other, free] = [
        chain({ ingressPolicy: 'same-bridge', backend }),
        chain({ ingressPolicy: 'same-bridge', backend }),
        chain({}),
      ]
      const [one, two] = [await add(net), await add(net)]
      const [stranger, open] = [await add(other), await add(free)]
      assert.ok(pings(one, ...two.addresses, ...both, ...gateways(one), ...open.addresses))
      assert.ok(isSilent(one, ...stranger.addresses))
      assert.ok(isSilent(stranger, ...one.addresses))
      assert.ok(pings(open, ...one.addresses))
      assert.ok(pings(distant, ...one.addresses))
      assert.ok(pings(undefined, ...one.addresses))
    },
  )

test('25-podman.conflist: containers reach the far host, which sees the host’s address, also where FORWARD has policy DROP', async () => {
  const mirror = await mirrorIn(distant)
  const net = exampleNetwork('25-podman.conflist')
  for (const policy of ['ACCEPT', 'DROP']) {
    command('iptables', '-P', 'FORWARD', policy)
    const one = await attach(net)
    assert.is(mirror.sourceOf(one, far.ipv4, 'tcp'), near.ipv4)
    await one.check()
    await one.del()
  }
  mirror.stop()
  command('nft', 'flush ruleset')
})

/** The address of an interface's own link, with its scope. */
function linkLocal({ name }: { name: string }): string {
  const [, address = ''] = /inet6 (fe80:[^/]*)/.exec(ip(`-n ${name} -6 address show eth0`)) ?? []
  return `${address}%eth0`
}

for (const backend of ['nftables', 'iptables'])
  scenario(
    `isolated by ${backend}: no container of the bridge reaches another, not through the gateway either`,
    async (add) => {
      for (const family of ['ip', 'ip6']) setSysctl(`net/bridge/bridge-nf-call-${family}tables`, 0)
      const net = chain({ ingressPolicy: 'isolated', backend })
      const [one, two] = [await add(net), await add(net)]
      const stranger = await add(chain({ ingressPolicy: 'same-bridge', backend }))
      assert.ok(isSilent(one, ...two.addresses, linkLocal(two)))
      assert.ok(isSilent(stranger, ...one.addresses))
      assert.ok(isSilent(one, ...stranger.addresses))
      for (const [index, address] of two.addresses.entries())
        inContainer(one, `route add ${address} via ${gateways(one)[index]}`)
      assert.ok(isSilent(one, ...two.addresses))
      assert.ok(pings(one, ...both, ...gateways(one)))
      assert.ok(pings(distant, ...one.addresses, ...two.addresses))
      assert.ok(pings(undefined, ...one.addresses))
    },
  )

for (const bridged of [0, 1])
  scenario(
    `isolated, with br_netfilter ${bridged ? 'on' : 'off'}: a container reaches itself by its host port, and no neighbour's`,
    async (add) => {
      for (const family of ['ip', 'ip6']) setSysctl(`net/bridge/bridge-nf-call-${family}tables`, bridged)
      const net = chain({ ingressPolicy: 'isolated' })
      const one = await add(published(net))
      const two = await add(net)
      const server = await mirrorIn(one)
      for (const [index, address] of [near.ipv4, near.ipv6].entries()) {
        assert.is(server.sourceOf(one, address, 'tcp', 8080), gateways(one)[index])
        assert.throws(() => server.sourceOf(two, address, 'udp', 8080, 2))
      }
      server.stop()
    },
  )

scenario(
  'isolated: a machine at the bridge’s uplink, and a port of a network without a policy, reach the containers, unless bridged packets are filtered',
  async (add) => {
    for (const family of ['ip', 'ip6']) setSysctl(`net/bridge/bridge-nf-call-${family}tables`, 0)
    const net = chain({ ingressPolicy: 'isolated' })
    const bridge = String(net.plugins[0]?.bridge)
    const one = await add(net)
    const open = await add({
      ...net,
      name: `${net.name}-open`,
      plugins: net.plugins.slice(0, 1).map((plugin) => ({
        ...plugin,
        ipam: {
          type: 'static',
          addresses: one.result.ips.map(({ address }) => ({ address: address.replace('2/', '77/') })),
        },
      })),
    })
    const machine = newContainer()
    ip(`link add port type veth peer name eth0 netns ${machine.name}`)
    ip(`link set port master ${bridge} up`)
    inContainer(machine, 'link set eth0 up')
    for (const { address } of one.result.ips)
      inContainer(
        machine,
        `address add ${address.replace('2/', '99/')} dev eth0${address.includes(':') ? ' nodad' : ''}`,
      )
    assert.ok(pings(machine, ...one.addresses))
    assert.ok(pings(open, ...one.addresses))
    ip('link delete port')
  },
)

/** Hosts whose FORWARD drops: how it is made, and the keys that open it. */
const dropping: Record<string, [string, Keys]> = {
  'iptables-nft with policy DROP': ['iptables-nft -P FORWARD DROP; ip6tables-nft -P FORWARD DROP', {}],
  'iptables-legacy with policy DROP': [
    'iptables-legacy -P FORWARD DROP; ip6tables-legacy -P FORWARD DROP',
    {},
  ],
  'iptables-nft with a last rule that rejects': [
    'iptables-nft -A FORWARD -j REJECT; ip6tables-nft -A FORWARD -j REJECT',
    {},
  ],
  'iptables-legacy with a last rule that drops': [
    'iptables-legacy -A FORWARD -j DROP; ip6tables-legacy -A FORWARD -j DROP',
    {},
  ],
  'both kinds of iptables with policy DROP': [
    'for each in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do $each -P FORWARD DROP; done',
    {},
  ],
  'a foreign nftables table with policy drop, and acceptInto': [
    'nft add table inet foreign; nft "add chain inet foreign forward { type filter hook forward priority 0; policy drop; }"',
    { acceptInto: { table: 'inet foreign', chain: 'forward' } },
  ],
}

scenario('acceptInto: a far host reaches a published port, and no other', async (add) => {
  command('sh', '-c', dropping['a foreign nftables table with policy drop, and acceptInto']?.[0] ?? '')
  const net = chain({ acceptInto: { table: 'inet foreign', chain: 'forward' } })
  const one = await add(published(net))
  const server = await mirrorIn(one)
  for (const family of ['ipv4', 'ipv6'] as const)
    assert.is(server.sourceOf(distant, near[family], 'tcp', 8080), far[family])
  assert.ok(isSilent(distant, ...one.addresses))
  server.stop()
})

for (const [where, [making, keys]] of Object.entries(dropping))
  scenario(
    `${where}: containers reach the far host, which reaches none; without firewall they do not`,
    async (add) => {
      command('sh', '-c', making)
      const shut = await add(chain(undefined))
      assert.ok(isSilent(shut, ...both))
      const [one, other] = [
        await add(chain(keys)),
        await add(chain({ ...keys, ingressPolicy: 'same-bridge' })),
      ]
      assert.ok(pings(one, ...both))
      assert.ok(pings(other, ...both))
      assert.ok(isSilent(distant, ...one.addresses))
      const third = await add(chain({ ...keys, ingressPolicy: 'same-bridge' }))
      assert.ok(isSilent(third, ...other.addresses))
    },
  )

scenario(
  'FORWARD of iptables drops: a far host reaches a published port by the rule that the README names for CNI-ADMIN',
  async (add) => {
    command('sh', '-c', 'iptables -P FORWARD DROP; ip6tables -P FORWARD DROP')
    const server = await mirrorIn(await add(published(chain({}))))
    assert.throws(() => server.sourceOf(distant, near.ipv4, 'udp', 8080, 2))
    for (const program of ['iptables', 'ip6tables'])
      command(program, ...'-I CNI-ADMIN -m conntrack --ctstate DNAT -j ACCEPT'.split(' '))
    for (const family of ['ipv4', 'ipv6'] as const)
      assert.is(server.sourceOf(distant, near[family], 'tcp', 8080), far[family])
    server.stop()
    for (const program of ['iptables', 'ip6tables']) command(program, '-F', 'CNI-ADMIN')
  },
)

/** Hosts whose INPUT drops. */
const closed: Record<string, [string, Keys]> = {
  'iptables-nft': ['iptables-nft -P INPUT DROP; ip6tables-nft -P INPUT DROP', {}],
  'iptables-legacy': ['iptables-legacy -P INPUT DROP; ip6tables-legacy -P INPUT DROP', {}],
  'a foreign nftables table': [
    'nft add table inet foreign; nft "add chain inet foreign in { type filter hook input priority 0; policy drop; }"',
    { acceptInto: { table: 'inet foreign', chain: 'in' } },
  ],
}

for (const [where, [making, keys]] of Object.entries(closed))
  scenario(
    `INPUT of ${where} drops: with hostIngress containers reach the host, without it they do not`,
    async (add) => {
      command('sh', '-c', making)
      const shut = await add(chain({}))
      assert.ok(isSilent(shut, ...gateways(shut)))
      const one = await add(chain({ ...keys, hostIngress: 'allow' }))
      assert.ok(pings(one, ...gateways(one)))
      assert.ok(isSilent(distant, '198.51.100.10'))
    },
  )

test.run()
