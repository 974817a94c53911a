/** bandwidth: which limits the kernel gets, on which interface, and what the result says. */
// needs: link ifb, link macvlan, qdisc tbf, qdisc htb

import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { exists, hostEnd, inContainer, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import {
  ended,
  hostEndOf,
  optionsOf,
  referenceName,
  removeShaped,
  requestFor,
  shaped,
  shapedContainer,
  verb,
} from '../harness/shaped.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { qdiscs, rootQdisc, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'
import { pings, pingsWith } from '../harness/traffic.ts'

await privateHost()

test('210-bandwidth.conflist: the capability limits both directions, and without it nothing is limited', async () => {
  const example = exampleNetwork('210-bandwidth.conflist')
  const container = newContainer()
  const containerdBurst = 2 ** 32 - 1
  const bandwidth = {
    ingressRate: 10_000_000,
    ingressBurst: containerdBurst,
    egressRate: 20_000_000,
    egressBurst: containerdBurst,
  }
  const extras = { capabilities: { bandwidth } }
  await cnitool.add(example, container, extras)
  assert.is(optionsOf(hostEnd(container).ifname)?.rate, 1_250_000)
  assert.is(optionsOf('eth0', container)?.rate, 2_500_000)
  await cnitool.check(example, container, extras)
  await cnitool.del(example, container, extras)
  await cnitool.add(example, container)
  assert.equal([...qdiscs(hostEnd(container).ifname), ...qdiscs('eth0', container)], [])
  await cnitool.check(example, container)
  await cnitool.del(example, container)
  removeShaped(container)
})

const noWishes: Record<string, number | undefined> = {
  'containerd’s, MaxUint32 bits': 4_294_967_295,
  'CRI-O’s, MaxUint32 bytes less a bit': 34_359_738_359,
  none: undefined,
  '0': 0,
}

for (const [whose, burst] of Object.entries(noWishes))
  test(`burst ${whose}: a hundredth of the rate passes at once, and 25 ms of it wait`, async () => {
    const bandwidth = {
      ingressRate: 100_000_000,
      ingressBurst: burst,
      egressRate: 1_000_000,
      egressBurst: burst,
    }
    const made = await shaped({ runtimeConfig: { bandwidth } })
    const { lat, ...received } = optionsOf(hostEndOf(made.container)) ?? {}
    assert.equal(received, { rate: 12_500_000, burst: 125_000 })
    assert.ok(Math.abs(Number(lat) - 25_000) < 100, `${lat}`)
    assert.equal(optionsOf('eth0', made.container)?.burst, 15_140)
    await ended(made)
  })

test('a burst that is asked for, and a latency, are what the kernel gets', async () => {
  const made = await shaped({ egressRate: 80_000_000, egressBurst: 8_000_000, latency: 100 })
  const { rate, burst, lat } = optionsOf('eth0', made.container) ?? {}
  assert.equal([rate, burst], [10_000_000, 1_000_000])
  assert.ok(Math.abs(Number(lat) - 100_000) < 100, `${lat}`)
  await ended(made)
})

test('a rate of 2^32 bytes a second and more', async () => {
  const made = await shaped({ ingressRate: 80_000_000_000, egressRate: 400_000_000_000, egress: 'ifb' })
  assert.is(optionsOf(hostEndOf(made.container))?.rate, 10_000_000_000)
  assert.is(optionsOf(referenceName('net', made.container.name))?.rate, 50_000_000_000)
  await ended(made)
})

test('a class of a rate of 2^32 bytes a second and more', async () => {
  const made = await shaped({ ingressRate: 80_000_000_000, shapedSubnets: ['10.0.0.0/8'] })
  assert.match(tc(`class show dev ${hostEndOf(made.container)}`), 'rate 80Gbit ceil 80Gbit')
  await ended(made)
})

test('a burst that lasts minutes: CHECK holds (that of the reference finds another buffer), and full packets pass', async () => {
  const made = await shaped({
    ingressRate: 8_000,
    ingressBurst: 16_000_000,
    egressRate: 800,
    egressBurst: 800_000,
  })
  inContainer(made.container, 'address add 10.8.0.2/24 dev eth0')
  ip(`address add 10.8.0.1/24 dev ${hostEndOf(made.container)}`)
  assert.ok(pingsWith(['-s', '1472'], undefined, '10.8.0.2'))
  await ended(made)
})

test('a burst that holds no two packets is made larger, with a warning, and full packets pass', async () => {
  const made = shapedContainer({
    ingressRate: 8_000_000,
    ingressBurst: 8,
    egressRate: 8_000_000,
    egressBurst: 12_000,
  })
  const { status, stderr } = await verb('ADD', made)
  assert.is(status, 0)
  assert.match(stderr, 'ingressBurst of 8 bits holds no two packets of MTU 1500')
  assert.match(stderr, 'egressBurst of 12000 bits')
  inContainer(made.container, 'address add 10.8.1.2/24 dev eth0')
  ip(`address add 10.8.1.1/24 dev ${hostEndOf(made.container)}`)
  assert.ok(pingsWith(['-s', '1472'], undefined, '10.8.1.2'))
  await ended(made)
})

test('the configuration wins over the runtime if it has one of the four amounts, even 0', async () => {
  const bandwidth = {
    ingressRate: 8_000_000,
    ingressBurst: 800_000,
    egressRate: 8_000_000,
    egressBurst: 800_000,
  }
  const own = await shaped({ ingressRate: 16_000_000, runtimeConfig: { bandwidth } })
  assert.is(optionsOf(hostEndOf(own.container))?.rate, 2_000_000)
  assert.equal(qdiscs('eth0', own.container), [])
  await ended(own)
  const none = shapedContainer({ egressRate: 0, runtimeConfig: { bandwidth } })
  assert.equal(await added(none.request), none.request.config.prevResult)
  assert.equal(qdiscs(hostEndOf(none.container)), [])
  await ended(none)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: the result has the IFB, by the reference’s name`, async () => {
    const made = shapedContainer({ egressRate: 8_000_000, egress: 'ifb' })
    const { interfaces } = await added({ ...made.request, engine })
    const name = referenceName('net', made.container.name)
    assert.equal(interfaces.slice(2), [{ name, mac: link(name).address, mtu: 1500 }])
    assert.equal([link(name).mtu, link(name).txqlen, link(name).flags.includes('UP')], [1500, 1000, true])
    for (const step of ['CHECK', 'DEL'] as const) assert.equal(await verb(step, made, { engine }), done)
    assert.not.ok(exists(name))
    await ended({ ...made, request: { ...made.request, config: { ...made.request.config, egressRate: 0 } } })
  })

test('CHECK accepts the same limit from another hand, by which it has another handle', async () => {
  const made = await shaped({ ingressRate: 8_000_000, ingressBurst: 800_000 })
  const end = hostEndOf(made.container)
  tc(`qdisc del dev ${end} root`)
  tc(`qdisc add dev ${end} root tbf rate 8mbit burst 100000 limit 125000`)
  assert.match(rootQdisc(end)?.handle ?? '', /^8/)
  assert.equal(await verb('CHECK', made), done)
  tc(`qdisc del dev ${end} root`)
  assert.equal(await verb('DEL', made), done)
  removeShaped(made.container)
})

test('CHECK holds when the MTU was changed since', async () => {
  const made = await shaped({ ingressRate: 1_000_000, egressRate: 8_000_000, egressBurst: 80_000 })
  for (const mtu of [1280, 16000]) {
    inContainer(made.container, `link set eth0 mtu ${mtu}`)
    assert.equal(await verb('CHECK', made), done)
  }
  inContainer(made.container, 'link set eth0 mtu 1500')
  await ended(made)
})

test('an MTU larger than ten usual packets: the burst holds two', async () => {
  const made = shapedContainer({ ingressRate: 1_000_000 })
  inContainer(made.container, 'link set eth0 mtu 65535')
  await added({ ...made.request, config: requestFor(made.container, { ingressRate: 1_000_000 }).config })
  assert.is(optionsOf(hostEndOf(made.container))?.burst, 131_106)
  inContainer(made.container, 'link set eth0 mtu 1500')
  await ended({
    ...made,
    request: {
      ...made.request,
      config: { ...made.request.config, prevResult: { interfaces: [{ name: 'eth0', mtu: 65535 }] } },
    },
  })
})

/** An interface that is no veth of the host: a limit of what it receives needs an IFB in the container. */
function otherInterface(container: Netns, kind: string): void {
  inContainer(container, `link add ${kind === 'macvlan' ? 'below' : 'eth0'} up type veth peer name other`)
  if (kind === 'macvlan') inContainer(container, 'link add eth0 link below up type macvlan')
}

for (const kind of ['macvlan', 'veth of the same container'])
  test(`a ${kind} is limited in the container, both ways`, async () => {
    const container = newContainer()
    otherInterface(container, kind)
    const before = { host: snapshot(), container: snapshotOf(container.name) }
    const prevResult = { interfaces: [{ name: 'eth0', sandbox: container.path }] }
    const config = {
      type: 'bandwidth',
      name: 'net',
      cniVersion: '1.1.0',
      prevResult,
      ingressRate: 8_000_000,
      egressRate: 16_000_000,
    }
    const request = { config, containerID: container.name, netns: container.path }
    assert.is((await added(request)).interfaces.length, 1)
    unchanged(before.host)
    const [, ifb = ''] = /^\d+: (bwp\w+):/m.exec(inContainer(container, '-o link show type ifb')) ?? []
    assert.is(optionsOf(ifb, container)?.rate, 1_000_000)
    assert.is(optionsOf('eth0', container)?.rate, 2_000_000)
    assert.equal(await call({ ...request, verb: 'CHECK' }), done)
    inContainer(container, `link delete ${ifb}`)
    assert.match(errorOf(await call({ ...request, verb: 'CHECK' })).said, 'there is no IFB')
    for (let time = 0; time < 2; time++) assert.equal(await call({ ...request, verb: 'DEL' }), done)
    assert.match(
      errorOf(await call({ ...request, config: { ...config, egress: 'ifb' }, verb: 'ADD' })).said,
      'eth0 is no veth with an end on the host',
    )
    tc('qdisc del dev eth0 ingress', container)
    unchanged(before.container, () => snapshotOf(container.name))
    removeShaped(container)
  })

test('a veth between two containers is limited in its own, although the host has a veth of the same numbers', async () => {
  const [one, other] = [newContainer(), newContainer()]
  const free = Number(/^(\d+):/m.exec(ip('-o link show type veth'))?.[1] ?? 0) || 900
  const decoy = newContainer()
  ip(`link add decoy index ${free + 1000} type veth peer name eth0 index 77 netns ${decoy.name}`)
  inContainer(other, `link add peer index ${free + 1000} type veth peer name eth0 index 77 netns ${one.name}`)
  const prevResult = { interfaces: [{ name: 'eth0', sandbox: one.path }] }
  const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', prevResult, ingressRate: 8_000_000 }
  const request = { config, containerID: one.name, netns: one.path }
  await added(request)
  assert.equal(qdiscs('decoy'), [])
  assert.is(qdiscs('eth0', one).at(-1)?.kind, 'ingress')
  assert.equal(await call({ ...request, verb: 'DEL' }), done)
  assert.equal(qdiscs('eth0', one), [])
  for (const container of [one, other, decoy]) removeShaped(container)
})

test('pings pass, both families, with every kind of limit', async () => {
  for (const keys of [
    {},
    { egress: 'ifb' },
    { shapedSubnets: ['10.7.0.0/24', 'fd07::/64'] },
    { unshapedSubnets: ['10.7.0.0/24', 'fd07::/64'], egress: 'ifb' },
  ]) {
    const made = await shaped({ ingressRate: 8_000_000, egressRate: 8_000_000, ...keys })
    const end = hostEndOf(made.container)
    for (const address of ['10.7.0.1/24', 'fd07::1/64 nodad'])
      ip(
        `address add ${address} dev ${end}`
          .replace(' nodad dev', ' dev')
          .concat(address.includes('nodad') ? ' nodad' : ''),
      )
    inContainer(made.container, 'address add 10.7.0.2/24 dev eth0')
    inContainer(made.container, 'address add fd07::2/64 dev eth0 nodad')
    assert.ok(pings(undefined, '10.7.0.2', 'fd07::2'))
    await ended(made)
  }
})

test.run()
