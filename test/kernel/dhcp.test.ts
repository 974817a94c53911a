/** dhcp asks a real server through the container's interface, says who the container is, and gives back what it has got. */
// needs: link macvlan
// packages: dnsmasq-base

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { engineOfRow } from '../harness/by-node.ts'
import { ip } from '../harness/command.ts'
import { dnsmasqOn } from '../harness/dhcp-dnsmasq.ts'
import { byFirst, listenOn } from '../harness/dhcp-heard.ts'
import { relayedSegment } from '../harness/dhcp-life.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer, setSysctl } from '../harness/host.ts'
import { addresses, inContainer } from '../harness/look.ts'
import { call, type Engine, started } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()

/** A text as the server writes and reads identifiers. */
const octets = (text: string) => hex(text).replace(/..(?=.)/g, '$&:')
const hex = (text: string) => Buffer.from(text).toString('hex')

const lan = segment()
const home = station(lan, 'home', '10.1.0.1/24')
const server = await dnsmasqOn(home, {
  ranges: ['10.1.0.100,10.1.0.199,2m'],
  options: {
    ...{ router: '10.1.0.1', 33: '10.98.0.7,10.1.0.4', 6: '10.1.0.2,10.1.0.3' },
    ...{ 15: 'a.example', 119: 'b.example,c.example' },
  },
  hosts: [`id:00:${octets('shop/web-0/lan/eth0')},10.1.0.7`],
  words: ['--dhcp-rapid-commit'],
})
const ear = listenOn(home)

const journal = '/run/patchbay/dhcp'

/** A network on the segment. */
function network(ipam: Record<string, unknown> = {}, keys: Record<string, unknown> = {}) {
  const base = { type: 'macvlan', master: 'eth0', cniVersion: '1.1.0', name: 'lan' }
  return { ...base, ...keys, ipam: { type: 'dhcp', timeout: 20, ...ipam } }
}

let attachments = 0

/** A call for a new container. */
function attaching(config = network(), more: { args?: string; engine?: Engine } = {}) {
  const container = newContainer()
  return { container, request: { config, containerID: `a${++attachments}`, netns: container.path, ...more } }
}

/** What was said since, in its order. */
function since(before: number) {
  return ear.dhcp().slice(before)
}

/** Everything that was said by and to a container which was attached and detached. */
async function saidFor(config = network(), args = '') {
  const before = ear.dhcp().length
  const { request } = attaching(config, { args })
  const result = await added(request)
  const [lease] = server.leases()
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  await until('the server has its address back', () => server.leases().length === 0)
  return { result, lease, said: since(before), containerID: request.containerID }
}

test('ADD answers with all that the server gives, and DEL gives it back: a second one has nothing to do', async () => {
  const before = ear.dhcp().length
  const { request, container } = attaching(network({ priority: 50 }), { engine: engineOfRow('dhcp') })
  const { ips, routes, dns } = await added(request)
  const [one] = ips ?? []
  assert.equal([one?.gateway, addresses('eth0', container)], ['10.1.0.1', [one?.address]])
  assert.equal(routes, [
    { dst: '10.98.0.7/32', gw: '10.1.0.4', priority: 50 },
    { dst: '0.0.0.0/0', gw: '10.1.0.1', priority: 50 },
  ])
  const search = ['b.example', 'c.example']
  assert.equal(dns, { nameservers: ['10.1.0.2', '10.1.0.3'], domain: 'a.example', search })
  assert.match(inContainer(container, 'route show'), /^10\.98\.0\.7 via 10\.1\.0\.4 .*metric 50/m)
  assert.match(inContainer(container, 'route show default'), 'metric 50')
  assert.ok(pings(container, '10.1.0.1'))
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  await until('the server has its address back', () => server.leases().length === 0)
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  const types = since(before).map(({ type }) => type)
  assert.equal(byFirst(types), ['DISCOVER', 'OFFER', 'REQUEST', 'ACK', 'RELEASE'])
  assert.equal(readdirSync(journal), [])
})

const pod = 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0'

for (const [clientId, text, args] of [
  ['attachment', (id: string) => `${id}/lan/eth0`],
  ['pod', () => 'shop/web-0/lan/eth0', pod],
  ['rack 7', () => 'rack 7'],
] as const)
  test(`the server knows a container by clientId ${clientId}`, async () => {
    const { lease, containerID } = await saidFor(network({ clientId }), args)
    assert.is(lease?.clientId?.replaceAll(':', ''), `00${hex(text(containerID))}`)
  })

test('the server knows a container by its MAC address, and by the identifier that is provided', async () => {
  const { lease } = await saidFor(network({ clientId: 'mac' }))
  assert.is(lease?.clientId, `01:${lease?.mac}`)
  const provide = [{ option: 'dhcp-client-identifier', value: 'mine' }]
  const { lease: other } = await saidFor(network({ provide }))
  assert.is(other?.clientId?.replaceAll(':', ''), hex('mine'))
})

test('a pod has the address that the server keeps for it, whichever container it has', async () => {
  const config = network({ clientId: 'pod' })
  const first = await saidFor(config, pod)
  const second = await saidFor(config, pod)
  assert.equal(
    [first, second].map(({ lease }) => lease?.address),
    ['10.1.0.7', '10.1.0.7'],
  )
  assert.is.not(second.lease?.mac, first.lease?.mac)
})

test('host name, vendor class, options that are provided and asked for reach the server', async () => {
  const options = {
    hostname: { fromArg: 'K8S_POD_NAME' },
    vendorClass: 'patchbay',
    provide: [
      { option: 'user-class', value: 'blue', fromArg: 'MISSING' },
      { option: '224', fromArg: 'K8S_POD_NAMESPACE' },
      { option: '225', fromArg: 'MISSING' },
    ],
    request: [{ option: '42' }],
  }
  const { said, lease } = await saidFor(network(options), pod)
  assert.is(lease?.hostname, 'web-0')
  const { options: sent = {} } = said.find(({ type }) => type === 'REQUEST') ?? {}
  const [vendor, user, own, absent] = [60, 77, 224, 225].map((code) => sent[code])
  assert.equal([vendor, user, own, absent], [hex('patchbay'), hex('blue'), hex('shop'), undefined])
  assert.is(sent[55], '79010321060f771a2a')
})

test('a host name that is none is left out with a warning', async () => {
  const config = network({ hostname: { value: 'spare', fromArg: 'NERDCTL_CNI_DHCP_HOSTNAME' } })
  const { request } = attaching(config, { args: 'IgnoreUnknown=1;NERDCTL_CNI_DHCP_HOSTNAME=a b' })
  const { status, stderr } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0)
  assert.match(stderr, 'NERDCTL_CNI_DHCP_HOSTNAME of CNI_ARGS is "a b", no host name')
  assert.is(server.leases()[0]?.hostname, undefined)
  await call({ verb: 'DEL', ...request })
  await until('the server has its address back', () => server.leases().length === 0)
})

test('with rapidCommit two messages are enough, and daemonSocketPath is a warning', async () => {
  const before = ear.dhcp().length
  const { request } = attaching(network({ rapidCommit: true, daemonSocketPath: '/run/cni/dhcp.sock' }))
  const { status, stderr } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0)
  assert.match(stderr, 'ipam.daemonSocketPath is not used')
  const types = since(before).map(({ type }) => type)
  assert.equal(byFirst(types), ['DISCOVER', 'ACK'])
  await call({ verb: 'DEL', ...request })
  await until('the server has its address back', () => server.leases().length === 0)
})

test('servers answer to all where that is asked for, and not without', async () => {
  const flags = async (config: ReturnType<typeof network>) => (await saidFor(config)).said[0]?.isBroadcast
  assert.equal([await flags(network()), await flags(network({ broadcast: 'on' }))], [false, true])
})

test('a lease is given back through a relay, by the routes of the container', async () => {
  const { server: there, end } = await relayedSegment()
  const { request } = attaching(network({}, { master: 'eth1' }))
  await added(request)
  assert.is(there.leases()[0]?.address, '10.5.0.100')
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  await until('the server has its address back', () => there.leases().length === 0)
  await end()
})

test('DEL waits with the interface until the RELEASE has left it, also when the server must be found first', async () => {
  const at = station(segment('eth3'), 'hidden', '10.8.0.1/24')
  await dnsmasqOn(at, { ranges: ['10.8.0.100,10.8.0.199,2m'] })
  const heard = listenOn(at)
  // DEL waits for a second only, in which a busy machine may not see that the kernel looks for the server.
  await until('a RELEASE leaves in time', async () => {
    const { request, container } = attaching(network({}, { master: 'eth3' }))
    await added(request)
    for (const [key, value] of [
      ['retrans_time_ms', 20],
      ['mcast_solicit', 1000],
    ] as const)
      setSysctl(`net/ipv4/neigh/eth0/${key}`, value, container.name)
    setSysctl('net/ipv4/conf/all/arp_ignore', 8, at.name)
    const { answer } = started({ verb: 'DEL', ...request })
    let hasEnded = false
    answer.finally(() => (hasEnded = true))
    await until(
      'the kernel looks for the server',
      () => hasEnded || inContainer(container, 'neighbour').includes('INCOMPLETE'),
    )
    const isInTime = !hasEnded
    setSysctl('net/ipv4/conf/all/arp_ignore', 0, at.name)
    assert.equal(await answer, done)
    return isInTime && heard.asked().includes('RELEASE')
  })
})

test('a second ADD of an attachment, without a DEL between, first gives back what it has', async () => {
  const { request, container } = attaching()
  await added(request)
  inContainer(container, 'link delete eth0')
  const before = ear.dhcp().length
  await added(request)
  const types = since(before).map(({ type }) => type)
  assert.equal(byFirst(types), ['RELEASE', 'DISCOVER', 'OFFER', 'REQUEST', 'ACK'])
  assert.is(readdirSync(journal).length, 1)
  await call({ verb: 'DEL', ...request })
  await until('the server has its address back', () => server.leases().length === 0)
})

for (const [how, lose] of [
  ['the namespace is gone', (name: string) => removeContainer({ name, path: `/run/netns/${name}` })],
  ['the interface is gone', (name: string) => ip(`-n ${name} link delete eth0`)],
] as const)
  test(`DEL forgets the lease when ${how}: nothing is sent`, async () => {
    const before = snapshot()
    const { request, container } = attaching()
    await added(request)
    lose(container.name)
    const asked = ear.asked().length
    assert.equal(await call({ verb: 'DEL', ...request }), done)
    assert.equal(ear.asked().slice(asked), [])
    unchanged(before)
  })

test('DEL sends nothing from another namespace that has the path of the former', async () => {
  const { request, container } = attaching()
  await added(request)
  removeContainer(container)
  const other = newContainer(container.name)
  ip(`link add eth0 netns ${other.name} link eth0 type macvlan`)
  ip(`-n ${other.name} link set eth0 up`)
  const asked = ear.asked().length
  assert.equal(await call({ verb: 'DEL', ...request }), done)
  assert.equal([ear.asked().slice(asked), readdirSync(journal)], [[], []])
  await server.restart()
})

test.run()
