/** portmap as runtimes call it: mappings of either family, the same one twice, traffic through the example, 127.0.0.1, GC. */
// needs: nft ip, iptables

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attach } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip, succeeds } from '../harness/command.ts'
import {
  far,
  farHost,
  near,
  newContainer,
  privateHost,
  removeContainer,
  setSysctl,
  usableAtOnce,
} from '../harness/host.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { elements, ruleset } from './firewall-containers.ts'
import { asking, left, type Mappings, tcp, withPorts } from './portmap-networks.ts'

await privateHost()
const outside = farHost()
usableAtOnce()

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
      const one = await attach(withPorts({ backend }), asking(...mappings))
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
    const local = (seconds: number) => `netns exec ${intruder.name} timeout ${seconds} bash -c`.split(' ')
    const enters = (seconds = 1) => succeeds('ip', ...local(seconds), 'exec 3<>/dev/tcp/127.0.0.1/8091')
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
    assert.is(enters(20), true)
    await intruder.del()
    listener.kill()
    await once(listener, 'exit')
    assert.equal(left(), [])
  })

/** A process of the host that listens on its 127.0.0.1. */
async function listening(port: number) {
  const program = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`
  const listener = spawn(process.execPath, ['-e', program])
  await new Promise((resolve) => listener.stdout.once('data', resolve))
  return listener
}

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
