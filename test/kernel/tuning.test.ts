/** tuning: where values come from, what the result says, and CHECK of what the kernel makes of values. */
// needs: link macvlan

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { ask, fileOf, type Keys, tuned } from '../harness/behind.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ipJson } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { farHost, newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { inContainer, link, sysctl } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, newNetwork } from '../harness/networks.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { hasCheck, versions } from '../harness/round-trip.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const mac = '02:00:5e:10:00:01'

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

for (const engine of engines)
  test(`${engine}: MTU and MAC address stand in the result, of the container’s interface only, and CHECK and DEL work`, async () => {
    const { container, request } = tuned({ mac: mac.toUpperCase(), mtu: 1300 })
    const before = link('eth0', container)
    const result = await added({ ...request, engine })
    assert.equal(result.interfaces, [
      { name: 'eth0', mac: '02:00:00:00:00:aa' },
      { name: 'eth0', mac, mtu: 1300, sandbox: container.path },
    ])
    assert.equal(await ask('CHECK', { ...request, engine }), done)
    assert.equal(await ask('DEL', { ...request, engine }), done)
    const after = link('eth0', container)
    assert.equal([after.address, after.mtu], [before.address, before.mtu])
    assert.not.ok(existsSync(fileOf(container)))
    removeContainer(container)
  })

const sources: Record<string, [Keys, string, string]> = {
  'the key': [{}, '', '02:00:00:00:00:01'],
  'CNI_ARGS before the key': [{}, 'MAC=02:00:00:00:00:02', '02:00:00:00:00:02'],
  'runtimeConfig before CNI_ARGS': [
    { runtimeConfig: { mac: '02:00:00:00:00:03' } },
    'MAC=02:00:00:00:00:02',
    '02:00:00:00:00:03',
  ],
  'args.cni before runtimeConfig': [
    { runtimeConfig: { mac: '02:00:00:00:00:03' }, args: { cni: { mac: '02:00:00:00:00:04' } } },
    'MAC=02:00:00:00:00:02',
    '02:00:00:00:00:04',
  ],
}

for (const [what, [keys, args, expected]] of Object.entries(sources))
  test(`the MAC address comes from ${what}`, async () => {
    const { container, request } = tuned({ mac: '02:00:00:00:00:01', ...keys })
    await added({ ...request, args })
    assert.is(link('eth0', container).address, expected)
    assert.equal(await ask('CHECK', { ...request, args }), done)
    removeContainer(container)
  })

test('args.cni overrides each key', async () => {
  const sysctls = { 'net.ipv4.conf.IFNAME.arp_filter': '0', 'net.core.somaxconn': '600' }
  const { container, request } = tuned({
    ...{ mtu: 1400, promisc: true, allmulti: true, txQLen: 5, sysctl: sysctls },
    args: {
      cni: {
        ...{ mtu: 1450, promisc: false, allmulti: false, txQLen: 7 },
        sysctl: { 'net/ipv4/conf/eth0/arp_filter': '1' },
      },
    },
  })
  await added(request)
  const { mtu, flags, txqlen } = link('eth0', container)
  assert.equal([mtu, flags.includes('PROMISC'), flags.includes('ALLMULTI'), txqlen], [1450, false, false, 7])
  assert.is(sysctl('net/ipv4/conf/eth0/arp_filter', container), '1')
  assert.is(sysctl('net/core/somaxconn', container), '600')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('sysctls are set in the container only, and DEL leaves them, as the reference does', async () => {
  const before = snapshot()
  const { container, request } = tuned({
    sysctl: { 'net.ipv4.ip_forward': '1', 'net.core.somaxconn': '500' },
  })
  const host = sysctl('net/core/somaxconn')
  await added(request)
  assert.equal([sysctl('net/core/somaxconn', container), sysctl('net/core/somaxconn')], ['500', host])
  assert.equal(await ask('DEL', request), done)
  assert.is(sysctl('net/ipv4/ip_forward', container), '1')
  removeContainer(container)
  unchanged(before)
})

test('tuning without a key, as in podman’s list, changes nothing and writes no file', async () => {
  const { container, request } = tuned()
  const look = () => [...snapshot(), ...snapshotOf(container.name)]
  const before = look()
  const { json } = await ask('ADD', request)
  assert.equal(json, request.config.prevResult)
  assert.equal(await ask('CHECK', request), done)
  unchanged(before, look)
  assert.equal(await ask('DEL', request), done)
  removeContainer(container)
})

test('240-tuning.conflist: sysctls and MTU are set, and a MAC address comes by the capability', async () => {
  const net = exampleNetwork('240-tuning.conflist')
  const extras = { capabilities: { mac } }
  const container = newContainer()
  const { ips } = await cnitool.add(net, container, extras)
  const { mtu, address } = link('eth0', container)
  assert.equal([mtu, address, sysctl('net/core/somaxconn', container)], [1400, mac, '1024'])
  assert.is(sysctl('net/ipv6/conf/eth0/accept_redirects', container), '0')
  for (const { gateway = '' } of ips) assert.ok(pings(container, gateway), gateway)
  await cnitool.check(net, container, extras)
  await cnitool.del(net, container, extras)
  removeContainer(container)
})

test('a neighbour reaches the container by the new MAC address at once', async () => {
  const { plugins, ...net } = bridgeNetwork({ isGateway: true })
  const container = newContainer()
  const list = { ...net, plugins: [...plugins, { type: 'tuning', mac }] }
  const { ips } = await cnitool.add(list, container)
  for (const { address } of ips) assert.ok(pings(undefined, address.replace(/\/.*/, '')), address)
  const { gateway = '' } = ips[0] ?? {}
  assert.ok(pings(container, gateway))
  const neighbours = ipJson<{ dst: string; lladdr: string }>(`neighbour show dev ${plugins[0]?.bridge}`)
  const own = neighbours.filter(({ dst }) => ips.some(({ address }) => address.startsWith(`${dst}/`)))
  assert.equal(new Set(own.map(({ lladdr }) => lladdr)), new Set([mac]))
  await cnitool.del(list, container)
  removeContainer(container)
})

test('tuning twice in a list: DEL restores what each has changed', async () => {
  const dataDir = '/run/twice'
  const { plugins, ...net } = bridgeNetwork({ mtu: 1450 })
  const list = {
    ...net,
    plugins: [
      ...plugins,
      { type: 'tuning', mtu: 1400, dataDir },
      { type: 'tuning', mtu: 1350, mac, dataDir },
    ],
  }
  const container = newContainer()
  await cnitool.add(list, container)
  assert.equal(
    readdirSync(dataDir).map((name) => read(`${dataDir}/${name}`).mtu),
    [1450],
  )
  await cnitool.del(list, container)
  assert.equal(readdirSync(dataDir), [])
  removeContainer(container)
})

/** Values of which the kernel gives another text back. */
const otherTexts: Record<string, string> = {
  'net.ipv4.ip_local_port_range': '20000 60001',
  'net.ipv4.ping_group_range': '0   7',
  'net.ipv4.ip_local_reserved_ports': '8080,8081,9000-9002',
  'net.core.somaxconn': '0x1f4',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291457\n',
}

for (const [key, value] of Object.entries(otherTexts))
  test(`CHECK holds for ${key} ${JSON.stringify(value)}, and fails when it changes`, async () => {
    const { container, request } = tuned({ sysctl: { [key]: value } })
    const name = key.replaceAll('.', '/')
    const before = sysctl(name, container)
    await added(request)
    assert.is.not(sysctl(name, container), before)
    assert.equal(await ask('CHECK', request), done)
    setSysctl(name, before || '1', container.name)
    const { json } = await ask('CHECK', request)
    assert.match(String(json?.msg), `sysctl ${name} is `)
    assert.equal(await ask('DEL', request), done)
    assert.not.ok(existsSync(fileOf(container)))
    removeContainer(container)
  })

test('a sysctl that can only be written is written, and CHECK holds', async () => {
  const { container, request } = tuned({ sysctl: { 'net.ipv4.route.flush': '1' } })
  await added(request)
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('an interface’s name with a dot is one name: by IFNAME, and where slashes separate', async () => {
  const { container, request } = tuned({
    sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1', 'net/ipv4/conf/eth0.5/arp_ignore': '2' },
  })
  inContainer(container, 'link set eth0 down')
  inContainer(container, 'link set eth0 name eth0.5')
  const own = { ...request, ifname: 'eth0.5' }
  await added(own)
  assert.is(sysctl('net/ipv4/conf/eth0.5/arp_filter', container), '1')
  assert.is(sysctl('net/ipv4/conf/eth0.5/arp_ignore', container), '2')
  assert.equal(await ask('CHECK', own), done)
  removeContainer(container)
})

for (const version of versions)
  test(`configured as ${version}: the result of the earlier plugin goes on`, async () => {
    const { container, request } = tuned({ mtu: 1400 }, version)
    const { container: _, ...own } = { container, ...request }
    const prevResult =
      version < '0.3.0'
        ? { cniVersion: version, ip4: { ip: '10.9.0.2/24' }, dns: {} }
        : { ...own.config.prevResult, ips: [{ version: '4', address: '10.9.0.2/24', interface: 1 }] }
    const config = { ...own.config, prevResult }
    const result = await added({ ...own, config })
    assert.is(result.cniVersion, version)
    assert.is(link('eth0', container).mtu, 1400)
    if (hasCheck(version)) assert.equal(await ask('CHECK', { ...own, config }), done)
    assert.equal(await ask('DEL', { ...own, config }), done)
    removeContainer(container)
  })

test('bridge, ptp and macvlan pass their own CHECK behind tuning, with its MTU in the result, also with another dataDir', async () => {
  const own: Record<string, Keys> = {
    bridge: { bridge: 'br-checked' },
    ptp: {},
    macvlan: { master: 'uplink' },
  }
  for (const [type, keys] of Object.entries(own)) {
    const net = newNetwork(type, keys, '1.1.0')
    const tuning = { type: 'tuning', mtu: 1400, mac, dataDir: '/run/elsewhere' }
    const list = { ...net, plugins: [...net.plugins, tuning] }
    const container = newContainer()
    await cnitool.add(list, container)
    await cnitool.check(list, container)
    await cnitool.del(list, container)
    removeContainer(container)
  }
})

test('STATUS fails only with a sysctl that every ADD refuses', async () => {
  const { prevResult: _, ...config } = tuned({ mtu: 1400, sysctl: { 'net.core.somaxconn': '1' } }).request
    .config
  assert.equal(await call({ verb: 'STATUS', config }), done)
  const named = { 'net.ipv4.conf.IFNAME.arp_notify': '1', 'net.ipv4.conf.eth0.arp_notify': '0' }
  assert.equal(await call({ verb: 'STATUS', config: { ...config, sysctl: named } }), done)
  const { json } = await call({ verb: 'STATUS', config: { ...config, sysctl: { 'kernel.x': '1' } } })
  assert.equal([json?.code, json?.msg], [50, 'invalid net sysctl key: "kernel.x"'])
})

test.run()
