/** bandwidth: which limits the kernel gets, what is refused, and what CHECK, DEL, GC and STATUS do. */
// needs: link ifb, link macvlan, qdisc tbf, qdisc htb

import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'
import { added, done, errorOf } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip, succeeds } from '../harness/command.ts'
import { steady, unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { exists, hostEnd, inContainer, link } from '../harness/look.ts'
import { exampleNetwork, hostLocal } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { addVeth, hostEndOf, removeShaped, requestFor, shapedContainer } from '../harness/shaped.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { qdiscs, rootQdisc, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

type Keys = Record<string, unknown>
type Shaped = ReturnType<typeof shapedContainer>

const verb = (name: 'ADD' | 'CHECK' | 'DEL', { request }: Pick<Shaped, 'request'>, more: Keys = {}) =>
  call({ ...request, verb: name, ...more })

async function shaped(keys: Keys): Promise<Shaped> {
  const made = shapedContainer(keys)
  await added(made.request)
  return made
}

/** CHECK, DEL, and DEL again succeed. */
async function ended(made: Shaped): Promise<void> {
  for (const name of ['CHECK', 'DEL', 'DEL'] as const) assert.equal(await verb(name, made), done)
  assert.equal(qdiscs(hostEndOf(made.container)), [])
  assert.equal(qdiscs('eth0', made.container), [])
  removeShaped(made.container)
}

/** The reference's name of a container's IFB. */
function referenceName(network: string, containerID: string): string {
  return `bwp${createHash('sha512')
    .update(network + containerID)
    .digest('hex')}`.slice(0, 15)
}

const options = (name: string, netns?: Netns) => rootQdisc(name, netns)?.options

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
  assert.is(options(hostEnd(container).ifname)?.rate, 1_250_000)
  assert.is(options('eth0', container)?.rate, 2_500_000)
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
    const { lat, ...received } = options(hostEndOf(made.container)) ?? {}
    assert.equal(received, { rate: 12_500_000, burst: 125_000 })
    assert.ok(Math.abs(Number(lat) - 25_000) < 100, `${lat}`)
    assert.equal(options('eth0', made.container)?.burst, 15_140)
    await ended(made)
  })

test('a burst that is asked for, and a latency, are what the kernel gets', async () => {
  const made = await shaped({ egressRate: 80_000_000, egressBurst: 8_000_000, latency: 100 })
  const { rate, burst, lat } = options('eth0', made.container) ?? {}
  assert.equal([rate, burst], [10_000_000, 1_000_000])
  assert.ok(Math.abs(Number(lat) - 100_000) < 100, `${lat}`)
  await ended(made)
})

test('a rate of 2^32 bytes a second and more', async () => {
  const made = await shaped({ ingressRate: 80_000_000_000, egressRate: 400_000_000_000, egress: 'ifb' })
  assert.is(options(hostEndOf(made.container))?.rate, 10_000_000_000)
  assert.is(options(referenceName('net', made.container.name))?.rate, 50_000_000_000)
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
  command('ping', '-n', '-c', '1', '-w', '5', '-s', '1472', '10.8.0.2')
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
  command('ping', '-n', '-c', '1', '-w', '5', '-s', '1472', '10.8.1.2')
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
  assert.is(options(hostEndOf(own.container))?.rate, 2_000_000)
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

test('two interfaces of one container have an IFB each, and DEL of one leaves that of the other (the reference refuses the second)', async () => {
  const keys = { egressRate: 8_000_000, egress: 'ifb' }
  const one = await shaped(keys)
  addVeth(one.container, 'net1')
  const other = { ...one, request: requestFor(one.container, keys, 'net1') }
  const { interfaces } = await added(other.request)
  const second = interfaces.at(-1)?.name ?? ''
  const first = referenceName('net', one.container.name)
  assert.not.equal(second, first)
  for (const made of [one, other]) assert.equal(await verb('CHECK', made), done)
  assert.equal(await verb('DEL', one), done)
  assert.equal([exists(first), exists(second)], [false, true])
  assert.equal(await verb('CHECK', other), done)
  assert.equal(await verb('DEL', one), done)
  assert.ok(exists(second))
  await added(one.request)
  assert.equal(await verb('DEL', other), done)
  assert.equal([exists(first), exists(second)], [true, false])
  await ended(one)
})

test('DEL of an interface leaves the IFB that the reference has made for another one of the container', async () => {
  const { container } = shapedContainer({})
  const ifb = referenceName('net', container.name)
  ip(`link add ${ifb} up type ifb`)
  tc(`qdisc add dev ${hostEndOf(container)} ingress`)
  tc(
    `filter add dev ${hostEndOf(container)} parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${ifb}`,
  )
  addVeth(container, 'net1')
  const other = { container, request: requestFor(container, { egressRate: 8_000_000 }, 'net1') }
  await added(other.request)
  for (const step of ['CHECK', 'DEL', 'DEL'] as const) assert.equal(await verb(step, other), done)
  assert.ok(exists(ifb))
  const own = { container, request: requestFor(container, { egressRate: 8_000_000 }) }
  assert.equal(await verb('DEL', own), done)
  assert.not.ok(exists(ifb))
  removeShaped(container)
})

const refusals: [Keys, number, string][] = [
  [{ ingressBurst: 8_000 }, 7, 'if burst is set, rate must also be set'],
  [{ egressBurst: 8_000, egressRate: 0 }, 7, 'if burst is set, rate must also be set'],
  [{ runtimeConfig: { bandwidth: { egressBurst: 8_000 } } }, 7, 'if burst is set, rate must also be set'],
  [{ ingressRate: 8_000, ingressBurst: 34_359_738_360 }, 7, 'burst cannot be more than 4GB'],
  [{ egressRate: 7 }, 7, 'egressRate is 7, less than a byte per second'],
  [{ egressRate: -8 }, 7, 'egressRate'],
  [{ egressRate: '8M' }, 7, 'egressRate'],
  [
    { egressRate: 8_000, shapedSubnets: ['10.0.0.0/8'], unshapedSubnets: ['10.1.0.0/16'] },
    7,
    'cannot be both specified',
  ],
  [{ egressRate: 8_000, shapedSubnets: ['10.0.0.0'] }, 7, 'shapedSubnets[0]'],
  [{ egressRate: 8_000, unshapedSubnets: ['10.0.0.0/33'] }, 7, 'unshapedSubnets[0]'],
  [{ egressRate: 8_000, latency: 0 }, 7, 'latency'],
  [{ egressRate: 8_000, queue: 'fq' }, 7, 'queue'],
  [{ egressRate: 8_000, egress: 'host' }, 7, 'egress'],
  [{ egressRatio: 8_000 }, 7, 'did you mean egressRate?'],
  [{ prevResult: undefined }, 7, 'must be called as chained plugin'],
  [{ prevResult: undefined, egressRate: 8_000 }, 7, 'must be called as chained plugin'],
]

for (const [keys, code, said] of refusals)
  test(`refused with code ${code}: ${JSON.stringify(keys)}`, async () => {
    const { container, request } = shapedContainer(keys)
    const look = () => [...snapshot(), ...snapshotOf(container.name)]
    const before = look()
    const error = errorOf(await call({ ...request, verb: 'ADD' }))
    assert.is(error.code, code, error.said)
    assert.ok(error.said.includes(said), error.said)
    unchanged(before, look)
    removeShaped(container)
  })

test('CHECK without prevResult, and ADD without the interface, are refused', async () => {
  const { container, request } = shapedContainer({ egressRate: 8_000_000 })
  const { prevResult: _, ...bare } = request.config
  const check = errorOf(await call({ ...request, config: bare, verb: 'CHECK' }))
  assert.match(check.said, 'must be called as a chained plugin')
  const add = errorOf(await call({ ...request, ifname: 'eth9', verb: 'ADD' }))
  assert.equal([add.code, add.said.includes('the container has no interface eth9')], [4, true])
  removeShaped(container)
})

test('a second ADD, and one on an interface that is shaped already, are refused and change nothing', async () => {
  for (const keys of [
    { egressRate: 8_000_000 },
    { egressRate: 8_000_000, egress: 'ifb' },
    { ingressRate: 8_000_000, shapedSubnets: ['10.0.0.0/8'] },
  ]) {
    const made = await shaped(keys)
    const look = () => [
      ...snapshot(),
      ...snapshotOf(made.container.name),
      tc(`filter show dev ${hostEndOf(made.container)}`),
    ]
    const before = look()
    assert.match(errorOf(await verb('ADD', made)).said, 'run DEL first')
    unchanged(before, look)
    await ended(made)
  }
  const other = shapedContainer({ ingressRate: 8_000_000, egressRate: 8_000_000 })
  tc('qdisc add dev eth0 root handle 9: bfifo limit 50000', other.container)
  assert.match(errorOf(await verb('ADD', other)).said, 'eth0 has a qdisc already')
  assert.equal(qdiscs(hostEndOf(other.container)), [])
  assert.equal(await verb('DEL', other), done)
  assert.is(rootQdisc('eth0', other.container)?.handle, '9:')
  removeShaped(other.container)
})

for (const egress of ['interface', 'ifb'])
  test(`egress ${egress}: DEL leaves nothing with the namespace gone, without prevResult, before any ADD, with another configuration`, async () => {
    const before = steady(snapshot)
    const keys = { ingressRate: 8_000_000, egressRate: 8_000_000, egress }
    const idle = shapedContainer(keys)
    assert.equal(await verb('DEL', idle), done)
    removeShaped(idle.container)
    for (const netns of [undefined, '']) {
      const made = await shaped(keys)
      removeShaped(made.container)
      const { prevResult: _, ...config } = made.request.config
      const del = { ...made.request, config, ...(netns === undefined ? {} : { netns }) }
      for (let time = 0; time < 2; time++) assert.equal(await call({ ...del, verb: 'DEL' }), done)
      unchanged(before)
    }
    const made = await shaped(keys)
    const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ingressRate: 'much', egress: 5 }
    const { status } = await verb('DEL', made, { config })
    assert.is(status, 0)
    assert.equal([...qdiscs(hostEndOf(made.container)), ...qdiscs('eth0', made.container)], [])
    removeShaped(made.container)
    unchanged(before)
  })

test('DEL finds the IFB after the network was renamed', async () => {
  const made = await shaped({ egressRate: 8_000_000, egress: 'ifb' })
  const config = { ...made.request.config, name: 'renamed' }
  assert.equal(await verb('DEL', made, { config }), done)
  assert.not.ok(exists(referenceName('net', made.container.name)))
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
  assert.is(options(hostEndOf(made.container))?.burst, 131_106)
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
    assert.is(options(ifb, container)?.rate, 1_000_000)
    assert.is(options('eth0', container)?.rate, 2_000_000)
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

test('GC removes the IFBs of attachments that are not valid any more, and no others', async () => {
  const keys = { egressRate: 8_000_000, egress: 'ifb' }
  const [valid, stale, foreign] = [
    await shaped(keys),
    await shaped(keys),
    await shaped({ ...keys, name: 'other' }),
  ]
  const name = ({ container }: Shaped, network = 'net') => referenceName(network, container.name)
  const reference = newContainer()
  addVeth(reference)
  const [used, unused] = [referenceName('third', reference.name), referenceName('third', 'gone')]
  for (const ifb of [used, unused, 'ifb7']) ip(`link add ${ifb} up type ifb`)
  tc(`qdisc add dev ${hostEndOf(reference)} ingress`)
  tc(
    `filter add dev ${hostEndOf(reference)} parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${used}`,
  )
  removeShaped(stale.container)
  const config = {
    type: 'bandwidth',
    name: 'net',
    cniVersion: '1.1.0',
    'cni.dev/valid-attachments': [{ containerID: valid.container.name, ifname: 'eth0' }],
  }
  assert.equal(await call({ verb: 'GC', config }), done)
  assert.equal(
    [exists(name(valid)), exists(name(stale)), exists(name(foreign, 'other'))],
    [true, false, true],
  )
  assert.equal([exists(used), exists(unused), exists('ifb7')], [true, false, true])
  for (const ifb of [used, 'ifb7']) ip(`link delete ${ifb}`)
  for (const made of [valid, foreign]) await ended(made)
  removeShaped(reference)
})

test('20 containers at once, by the bridge and an IFB each', async () => {
  const before = steady(snapshot)
  const net = {
    cniVersion: '1.1.0',
    name: 'many',
    plugins: [
      { type: 'bridge', bridge: 'br-many', ipam: hostLocal('10.6.0.0/24') },
      { type: 'bandwidth', ingressRate: 8_000_000, egressRate: 16_000_000, egress: 'ifb' },
    ],
  }
  const containers = Array.from({ length: 20 }, () => newContainer())
  await Promise.all(containers.map((container) => cnitool.add(net, container)))
  await Promise.all(containers.map((container) => cnitool.check(net, container)))
  assert.is(ip('-o link show type ifb').trim().split('\n').length, 20)
  await Promise.all(containers.map((container) => cnitool.del(net, container)))
  for (const container of containers) removeShaped(container)
  ip('link delete br-many')
  unchanged(before)
})

test('STATUS succeeds where the kernel has what is needed, and changes nothing', async () => {
  const before = steady(snapshot)
  for (const keys of [
    {},
    { egressRate: 8_000_000, egress: 'ifb' },
    { egressRate: 8_000_000, shapedSubnets: ['10.0.0.0/8'] },
  ])
    assert.equal(
      await call({
        verb: 'STATUS',
        config: { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ...keys },
      }),
      done,
    )
  unchanged(before)
})

test('queue fq_codel: STATUS and ADD name the module that the kernel lacks; a list without a limit of its own gets a warning', async () => {
  const keys = { queue: 'fq_codel', egressRate: 8_000_000 }
  const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ...keys }
  const isThere = succeeds('tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'fq_codel')
  if (isThere) tc('qdisc del dev lo root')
  const made = shapedContainer(keys)
  const [status, add] = [await call({ verb: 'STATUS', config }), await verb('ADD', made)]
  assert.equal([status.status, add.status], isThere ? [0, 0] : [1, 1])
  for (const answer of isThere ? [] : [status, add]) {
    assert.is(answer.json?.code, 50)
    assert.match(
      errorOf(answer).said,
      /this kernel has no (tbf, )?fq_codel[\s\S]*modprobe -a (sch_tbf )?sch_fq_codel/,
    )
  }
  const { egressRate: _, ...unlimited } = config
  const warned = await call({ verb: 'STATUS', config: unlimited })
  assert.equal([warned.status, warned.stderr.includes('has no fq_codel')], [0, !isThere])
  if (!isThere) assert.equal(qdiscs('eth0', made.container), [])
  await verb('DEL', made)
  removeShaped(made.container)
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
