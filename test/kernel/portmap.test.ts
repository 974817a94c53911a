/** portmap as runtimes call it: mappings of either family, ports that are taken, sentinels and slips, traffic through the example. */
// needs: nft ip, iptables

import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { add as addByIptables } from '../../shared/firewall/portmap-iptables.ts'
import type { Mapping } from '../../shared/firewall/portmap-rules.ts'
import { bare } from '../harness/address.ts'
import { attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip, succeeds } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { far, farHost, near, newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { bridgeNetwork, exampleNetwork } from '../harness/networks.ts'
import { type Call, type Configuration, call, type Result } from '../harness/plugin.ts'
import { mapByNftables } from '../harness/reference.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { vanish } from '../harness/vanish.ts'
import { elements, ruleset } from './firewall-containers.ts'
import { rulesOf } from './portmap-mappings.ts'

await privateHost()
const outside = farHost()

type Mappings = Record<string, unknown>[]

const tcp = (hostPort: number, containerPort = 7000) => ({ hostPort, containerPort, protocol: 'tcp' })

/** A bridge and portmap. */
function withPorts(keys: Record<string, unknown> = {}, cniVersion = '1.0.0'): cnitool.Network {
  const net = bridgeNetwork({ isDefaultGateway: true }, cniVersion)
  return {
    ...net,
    plugins: [...net.plugins, { type: 'portmap', capabilities: { portMappings: true }, ...keys }],
  }
}

const asking = (...portMappings: Mappings) => ({ capabilities: { portMappings } })

const left = () => ruleset().filter(({ table }) => table?.name === 'patchbay')

test('220-portmap.conflist: a far host reaches the container by a host port, in both families, from ADD to DEL', async () => {
  const net = exampleNetwork('220-portmap.conflist')
  const extras = asking(tcp(8080), { ...tcp(8081), protocol: 'udp' })
  const container = newContainer()
  await cnitool.add(net, container, extras)
  const server = await mirrorIn(container)
  for (const [address, source] of [
    [near.ipv4, far.ipv4],
    [near.ipv6, far.ipv6],
  ] as const) {
    assert.is(server.sourceOf(outside, address, 'tcp', 8080), source)
    assert.is(server.sourceOf(outside, address, 'udp', 8081), source)
  }
  assert.is(server.sourceOf(undefined, '127.0.0.1', 'tcp', 8080), '10.220.0.1')
  assert.is(server.sourceOf(container, near.ipv4, 'tcp', 8080), '10.220.0.1')
  await cnitool.check(net, container, extras)
  await cnitool.del(net, container, extras)
  assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  await cnitool.del(net, container, extras)
  removeContainer(container)
  assert.equal(left(), [])
})

test('the second container that asks for a port is refused with the first one’s name, and leaves nothing', async () => {
  const net = withPorts()
  const first = await attach(net, asking(tcp(8080)))
  const container = newContainer()
  const before = ruleset()
  const said = await refusal(cnitool.add(net, container, asking(tcp(8080))))
  assert.match(said, new RegExp(`host port 8080/tcp is taken by ${net.name}/cnitool-[0-9a-f]+/eth0`))
  assert.equal(ruleset(), before)
  await first.check()
  await first.del()
  removeContainer(container)
})

test('the refusal by iptables names network, container and interface, and the command that shows the rules', async () => {
  const net = withPorts({ backend: 'iptables' })
  const first = await attach(net, asking(tcp(8080)))
  const container = newContainer()
  const said = await refusal(cnitool.add(net, container, asking(tcp(8080))))
  assert.match(said, new RegExp(`host port 8080/tcp is taken by ${net.name}/cnitool-[0-9a-f]+/eth0`))
  assert.match(said, /iptables-save -t nat \| grep -F cnitool-/)
  await first.del()
  removeContainer(container)
})

for (const [back, keys] of Object.entries({
  nftables: { masqAll: true, conditionsV4: ['ip', 'saddr', '10.0.0.0/8'] },
  iptables: { masqAll: true, markMasqBit: 3, conditionsV4: ['-s', '10.0.0.0/8'] },
}))
  test(`CHECK looks for what ADD has made, whatever the configuration says since: ${back}`, async () => {
    const request = direct(given(), [tcp(8095)], { backend: back })
    assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
    const changed = direct(given(), [tcp(8095)], { backend: back, ...keys })
    const { status, json } = await call({ ...changed, verb: 'CHECK' })
    assert.is(status, 0, JSON.stringify(json))
    const lost =
      back === 'nftables'
        ? ['nft', 'flush map ip patchbay portmap-ports']
        : ['iptables', '-t', 'nat', '-F', 'CNI-HOSTPORT-DNAT']
    command(...(lost as [string, ...string[]]))
    assert.is((await call({ ...changed, verb: 'CHECK' })).status, 1)
    assert.is((await call({ ...changed, verb: 'DEL' })).status, 0)
  })

for (const [first, second] of [
  ['iptables', 'nftables'],
  ['nftables', 'iptables'],
])
  test(`a port that a container has by ${first} is refused to one by ${second}, and goes to it when the first has ended`, async () => {
    const holder = await attach(withPorts({ backend: first }), asking(tcp(8080)))
    const net = withPorts({ backend: second })
    const container = newContainer()
    const rules = () => JSON.stringify(ruleset()).replaceAll(/"counter":{[^}]*}/g, '')
    const before = rules()
    assert.match(await refusal(cnitool.add(net, container, asking(tcp(8080)))), /port 8080\/tcp is taken by/)
    assert.is(rules(), before)
    removeContainer(container)
    await vanish(holder)
    const next = await attach(net, asking(tcp(8080)))
    const server = await mirrorIn(next)
    assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
    await holder.del()
    await next.check()
    await next.del()
    assert.equal(left(), [])
  })

const held: Mapping[] = [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }]
const theirs = { network: 'theirs', containerID: 'reference', ifname: 'eth0' }

for (const [by, make] of Object.entries({
  nftables: async () => mapByNftables('reference', '10.99.0.2', held),
  iptables: () =>
    addByIptables(rulesOf({ attachment: theirs, addresses: ['10.99.0.2/24'] }, { mappings: held })),
}))
  for (const backend of ['nftables', 'iptables'])
    test(`a port that the reference has by ${by} is refused to a container by ${backend}`, async () => {
      await make()
      const container = newContainer()
      const said = await refusal(cnitool.add(withPorts({ backend }), container, asking(tcp(8080))))
      assert.match(said, /port 8080\/tcp is taken by .*reference/)
      removeContainer(container)
      command('nft', 'flush ruleset')
      assert.equal(left(), [])
    })

test('after nft flush ruleset the port of a live container is refused to another', async () => {
  const net = withPorts()
  const one = await attach(net, asking(tcp(8080)))
  command('nft', 'flush ruleset')
  const container = newContainer()
  assert.match(await refusal(cnitool.add(net, container, asking(tcp(8080)))), /port 8080\/tcp is taken by/)
  assert.equal(left(), [])
  removeContainer(container)
  await one.del()
  assert.equal(left(), [])
})

test('the port of a container that ended without DEL goes to the next, and the late DEL takes nothing from it', async () => {
  const net = withPorts()
  const ended = await attach(net, asking(tcp(8080)))
  await vanish(ended)
  const next = await attach(net, asking(tcp(8080)))
  await ended.del()
  await next.check()
  const server = await mirrorIn(next)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  await next.del()
  assert.equal(left(), [])
})

test('a caller that does not see the namespace of a live container gets none of its ports', async () => {
  const net = withPorts()
  const live = await attach(net, asking(tcp(8080)))
  const other = newContainer()
  const request: Call = {
    ...{ verb: 'ADD', containerID: other.name, netns: other.path },
    under: ['unshare', '--mount', 'sh', '-c', `umount ${live.path} && exec "$0"`],
    config: {
      ...{
        type: 'portmap',
        name: 'unseeing',
        cniVersion: '1.0.0',
        runtimeConfig: asking(tcp(8080)).capabilities,
      },
      prevResult: { cniVersion: '1.0.0', ips: [{ address: '10.99.0.2/24' }] },
    },
  }
  const { status, json } = await call(request)
  assert.is(status, 1)
  assert.match(`${json?.msg}`, /host port 8080\/tcp is taken by/)
  await live.check()
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  removeContainer(other)
  await live.del()
  assert.equal(left(), [])
})

test('keys in any case and an empty hostIP, as containerd sends them', async () => {
  const net = withPorts()
  const mapping = { HostPort: 18083, ContainerPort: 80, Protocol: 'tcp', HostIP: '' }
  const one = await attach(net, asking(mapping))
  assert.is(elements('ip', 'portmap-ports').length, 1)
  await one.check()
  await one.del()
})

test('a hostIP of one family concerns that family only, and the other is no error', async () => {
  const net = withPorts()
  const one = await attach(
    net,
    asking(
      { ...tcp(8080), hostIP: '::' },
      { ...tcp(8081), hostIP: near.ipv6 },
      { ...tcp(8082), hostIP: '0.0.0.0' },
    ),
  )
  assert.equal(elements('ip', 'portmap-addresses'), [])
  assert.is(elements('ip6', 'portmap-addresses').length, 1)
  const ports = (family: 'ip' | 'ip6') =>
    JSON.stringify(elements(family, 'portmap-ports')).match(/\b80\d\d\b/g)
  assert.equal([ports('ip'), ports('ip6')], [['8082'], ['8080']])
  const server = await mirrorIn(one)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8082), far.ipv4)
  assert.throws(() => server.sourceOf(outside, near.ipv6, 'tcp', 8082), /refused/)
  assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), far.ipv6)
  assert.throws(() => server.sourceOf(outside, near.ipv4, 'tcp', 8080), /refused/)
  await one.check()
  await one.del()
  assert.equal(left(), [])
})

const twice: Record<string, Mappings> = {
  'the same twice': [tcp(8080), tcp(8080)],
  '0.0.0.0 and ::': [
    { ...tcp(8080), hostIP: '0.0.0.0' },
    { ...tcp(8080), hostIP: '::' },
  ],
  'all and 0.0.0.0': [tcp(8080), { ...tcp(8080), hostIP: '0.0.0.0' }],
  'one address and all': [{ ...tcp(8080), hostIP: near.ipv4 }, tcp(8080)],
  'a port and a range of one': [tcp(8080), { hostPort: 8080, containerPort: 7000, range: 1 }],
}

for (const [what, mappings] of Object.entries(twice))
  for (const backend of ['nftables', 'iptables'])
    test(`${what} is one mapping in each family: ${backend}`, async () => {
      const net = withPorts({ backend })
      const one = await attach(net, asking(...mappings))
      await one.check()
      const server = await mirrorIn(one)
      assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
      assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), far.ipv6)
      if (backend === 'nftables')
        for (const family of ['ip', 'ip6'] as const)
          assert.equal(
            ['ports', 'addresses'].map((set) => elements(family, `portmap-${set}`).length),
            [1, 0],
          )
      await one.del()
      assert.equal(left(), [])
    })

test('one entry without hostIP maps the port in both families', async () => {
  const one = await attach(withPorts(), asking(tcp(8080)))
  const server = await mirrorIn(one)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is(server.sourceOf(outside, near.ipv6, 'tcp', 8080), far.ipv6)
  await one.del()
})

test('without mappings ADD passes prevResult on, and DEL and CHECK have nothing to do', async () => {
  const net = withPorts()
  const one = await attach(net)
  assert.equal(left(), [])
  await one.check()
  await one.del()
})

test('DEL without mappings, prevResult and namespace removes what ADD made', async () => {
  const net = withPorts()
  const one = await attach(net, asking(tcp(8080)))
  assert.is.not(left().length, 0)
  const containerID = one.result && String((JSON.stringify(ruleset()).match(/cnitool-[0-9a-f]+/) ?? [])[0])
  const config = { type: 'portmap', name: net.name, cniVersion: '1.0.0' }
  for (let times = 0; times < 2; times++) {
    const { status, json } = await call({ verb: 'DEL', config, containerID, netns: '' })
    assert.is(status, 0, JSON.stringify(json))
  }
  assert.equal(left(), [])
  await one.del()
})

test('a port that a process of the host listens on is warned about', async () => {
  const program = "require('net').createServer().listen(8090, '0.0.0.0', () => console.log('listening'))"
  const listener = spawn(process.execPath, ['-e', program])
  await new Promise((resolve) => listener.stdout.once('data', resolve))
  const result = given()
  const { status, stderr } = await call({ ...direct(result, [tcp(8090)]), verb: 'ADD' })
  assert.is(status, 0)
  assert.match(stderr, /a process of the host listens on 8090\/tcp/)
  await call({ ...direct(result, [tcp(8090)]), verb: 'DEL' })
  listener.kill()
})

for (const backend of ['nftables', 'iptables'])
  test(`a container does not reach what listens on the host's 127.0.0.1, with host ports by ${backend} and after the last one`, async () => {
    const net = withPorts({ backend })
    const [one, two] = [await attach(net, asking(tcp(8080))), await attach(net, asking(tcp(8081)))]
    const intruder = await attach(net)
    const listener = await listening(8091)
    const sysctl = `/proc/sys/net/ipv4/conf/${net.plugins[0]?.bridge}/route_localnet`
    const gateway = bare(String(intruder.result.ips[0]?.gateway))
    setSysctl('net/ipv4/conf/all/rp_filter', 0)
    ip(
      `-n ${intruder.name} route add 127.0.0.1 via ${gateway} src ${bare(intruder.result.ips[0]?.address ?? '')}`,
    )
    ip(
      `netns exec ${intruder.name} sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.route_localnet=1`,
    )
    const local = `netns exec ${intruder.name} timeout 2 bash -c`
    const enters = () => succeeds('ip', ...local.split(' '), 'exec 3<>/dev/tcp/127.0.0.1/8091')
    assert.is(enters(), false)
    assert.is(readFileSync(sysctl, 'utf8').trim(), '1')
    await one.check()
    await one.del()
    assert.is(readFileSync(sysctl, 'utf8').trim(), '1')
    assert.is(enters(), false)
    await two.del()
    assert.is(readFileSync(sysctl, 'utf8').trim(), '0')
    assert.is(enters(), false)
    // The same way is open where the sysctl is on without a guard.
    writeFileSync(sysctl, '1')
    assert.is(enters(), true)
    await intruder.del()
    listener.kill()
    assert.equal(left(), [])
  })

/** A process of the host that listens on its 127.0.0.1. */
async function listening(port: number) {
  const program = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`
  const listener = spawn(process.execPath, ['-e', program])
  await new Promise((resolve) => listener.stdout.once('data', resolve))
  return listener
}

const given = (): Result => ({
  cniVersion: '1.0.0',
  interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', sandbox: container.path }],
  ips: [{ address: '10.50.0.2/24', interface: 0 }],
})
const container = newContainer()

function direct(prevResult: unknown, portMappings: Mappings, keys: Record<string, unknown> = {}) {
  const config = {
    type: 'portmap',
    name: 'direct',
    cniVersion: '1.0.0',
    prevResult,
    runtimeConfig: { portMappings },
    ...keys,
  } as Configuration
  return { config, containerID: 'direct', netns: container.path }
}

const refusals: Record<string, [Mappings, Record<string, unknown>, RegExp]> = {
  'a host port beyond 65535': [[tcp(99999)], {}, /portMappings\[0\]\.hostPort is 99999/],
  'a host port of 0': [[tcp(0)], {}, /hostPort is 0/],
  'a range beyond 65535': [
    [{ ...tcp(65535, 80), range: 3 }],
    {},
    /portMappings\[0\] goes beyond port 65535: hostPort is 65535 and range is 3/,
  ],
  'a range of container ports beyond 65535': [
    [tcp(80), { ...tcp(81, 65534), range: 3 }],
    {},
    /portMappings\[1\] goes beyond port 65535: containerPort is 65534 and range is 3/,
  ],
  'one host port to two container ports': [
    [tcp(80, 1), tcp(80, 2)],
    {},
    /host port 80\/tcp to container ports 1 and 2/,
  ],
  'a port at one address and at all, to two': [
    [{ ...tcp(80, 1), hostIP: near.ipv6 }, tcp(80, 2)],
    { backend: 'iptables' },
    /host port 80\/tcp to container ports 1 and 2/,
  ],
  'an unknown protocol': [[{ ...tcp(80), protocol: 'icmp' }], {}, /protocol is "icmp"/],
  'a hostIP that is none': [[{ ...tcp(80), hostIP: 'here' }], {}, /hostIP is "here"/],
  'an unknown back end': [[tcp(80)], { backend: 'ipfw' }, /backend is "ipfw"/],
  'a mark bit beyond 31': [[tcp(80)], { markMasqBit: 32 }, /markMasqBit is 32/],
  'mark bit and chain together': [
    [tcp(80)],
    { markMasqBit: 3, externalSetMarkChain: 'KUBE-MARK-MASQ' },
    /cannot be set together/,
  ],
  'conditions of the other back end': [
    [tcp(80)],
    { backend: 'iptables', conditionsV4: ['ip', 'saddr', '10.0.0.0/8'] },
    /iptables backend was requested but configuration contains nftables-specific options \[conditionsV4\]/,
  ],
  'a second command among the conditions': [
    [tcp(80)],
    { conditionsV4: ['ip saddr 10.0.0.0/8; flush ruleset'] },
    /conditionsV4/,
  ],
  'an option among words of nft': [
    [tcp(80)],
    { conditionsV4: ['ip', '-f', '/etc/passwd'] },
    /option among words of nft/,
  ],
}

for (const [what, [mappings, keys, words]] of Object.entries(refusals))
  test(`${what} is refused before anything is changed`, async () => {
    const before = snapshot()
    const { status, json } = await call({ ...direct(given(), mappings, keys), verb: 'ADD' })
    assert.equal([status, json?.code], [1, 7])
    assert.match(String(json?.msg), words)
    unchanged(before)
  })

test('without prevResult ADD and CHECK fail in the reference’s words', async () => {
  const request = direct(undefined, [tcp(80)])
  const [add, check] = [await call({ ...request, verb: 'ADD' }), await call({ ...request, verb: 'CHECK' })]
  assert.is(add.json?.msg, 'must be called as chained plugin')
  assert.is(check.json?.msg, 'Required prevResult missing')
})

test('conditions in words that nft does not know are refused with its words, and nothing is left', async () => {
  const before = snapshot()
  const { json } = await call({
    ...direct(given(), [tcp(80)], { conditionsV4: ['ip', 'sadr', '10.0.0.0/8'] }),
    verb: 'ADD',
  })
  assert.match(String(json?.msg), /nft does not take the conditions/)
  unchanged(before)
})

test('GC removes the ports of containers that are not valid, and keeps the others', async () => {
  const net = withPorts({}, '1.1.0')
  const [stale, kept] = [await attach(net, asking(tcp(8080))), await attach(net, asking(tcp(8081)))]
  const ids = [...new Set(JSON.stringify(ruleset()).match(/cnitool-[0-9a-f]+/g))]
  const ofPort = (port: number) =>
    JSON.stringify(elements('ip', 'portmap-ports').find((one) => JSON.stringify(one).includes(`${port}`)))
  const valid = ids
    .filter((id) => ofPort(8081).includes(id))
    .map((containerID) => ({ containerID, ifname: 'eth0' }))
  const config = { type: 'portmap', name: net.name, cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid }
  const { status, json } = await call({ verb: 'GC', config })
  assert.is(status, 0, JSON.stringify(json))
  assert.is(elements('ip', 'portmap-ports').length, 1)
  await kept.check()
  for (const one of [stale, kept]) await one.del()
  assert.equal(left(), [])
})

test.run()
