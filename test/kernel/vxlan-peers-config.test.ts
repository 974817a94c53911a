/** vxlan with `"peers": "store"` without etcd and agent: bad configurations, the address of the underlay, the MTU, what is left behind. */
// needs: link vxlan

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { errorOf } from '../harness/attach.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost, removeContainer, scratch } from '../harness/host.ts'
import { exists, link } from '../harness/look.ts'
import { fixed } from '../harness/networks.ts'
import { operate } from '../harness/operate.ts'
import { type Call, call, executables } from '../harness/plugin.ts'
import { start } from '../harness/program.ts'
import { testRefusals } from '../harness/refusals.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

for (const [name, mtu, number] of [
  ['under0', 1500, 1],
  ['under1', 9000, 2],
] as const) {
  ip(`link add ${name} mtu ${mtu} type veth peer name ${name}p mtu ${mtu}`)
  ip(`address add 192.0.${number}.1/24 dev ${name}`)
  ip(`address add 2001:db8:${number}::1/64 dev ${name} nodad`)
  for (const end of [name, `${name}p`]) ip(`link set ${end} up`)
}
ip('address add 198.51.100.7/32 dev lo')

let vni = 100

test.before.each(() => {
  vni++
})

type Keys = Record<string, unknown>

const configOf = (keys: Keys) => ({
  cniVersion: '1.1.0',
  name: 'blue',
  type: 'vxlan',
  vni,
  peers: 'store',
  ...keys,
})

function request(keys: Keys, { name, path } = newContainer()): Call {
  return { verb: 'ADD', config: configOf(keys), containerID: name, netns: path }
}

async function refused(keys: Keys) {
  const before = snapshot()
  const answer = await call(request(keys))
  assert.is(answer.status, 1, JSON.stringify(answer.json))
  unchanged(before)
  return errorOf(answer)
}

async function added(keys: Keys, container?: Netns) {
  const made = request(keys, container)
  const { status, json, stderr } = await call(made)
  assert.is(status, 0, JSON.stringify(json))
  const again = { ...made, config: { ...configOf(keys), prevResult: json } }
  return { json, stderr, verb: (verb: Call['verb'], more: Keys = {}) => call({ ...again, ...more, verb }) }
}

const file = (of = `vx${vni}`) => `/run/patchbay/peers/vteps/${of}.json`
const told = () => JSON.parse(readFileSync(file(), 'utf8'))
const attachedFiles = () =>
  existsSync('/run/patchbay/peers/attached') ? readdirSync('/run/patchbay/peers/attached') : []

testRefusals(
  [
    [{ remote: '192.0.1.2' }, 'peers and remote cannot be set together: the store has the remotes'],
    [{ remotes: [] }, 'peers and remotes cannot be set together'],
    [{ group: '239.1.1.1', dev: 'under0' }, 'peers and group cannot be set together'],
    [{ direct: true }, 'peers and direct cannot be set together', "a container's namespace"],
    [{ peers: undefined, arpSuppress: true }, 'arpSuppress is set but peers is not'],
    [{ peers: undefined, store: { endpoints: ['http://192.0.1.9:2379'] } }, 'store is set but peers is not'],
    [{ peers: 'etcd' }, 'peers is "etcd"', '"store"'],
    [{ store: { endpoints: ['192.0.1.9'] } }, 'store.endpoints[0] is "192.0.1.9", must be a URL of etcd'],
    [{ store: { endpoints: ['http://192.0.1.9:2379'], prefix: 'x' } }, 'store.prefix is "x"'],
    [{ dev: 'under0', local: '192.0.1.1', mtu: 1451 }, 'mtu: 1451 does not fit: under0 carries 1500'],
    [{ arpSupress: true }, 'arpSuppress'],
  ],
  refused,
)

test('without a default route ADD asks for local or dev, and STATUS only warns', async () => {
  const { code, said } = await refused({})
  assert.is(code, 11)
  assert.match(said, 'the host has no default route with an address')
  const status = await call({ ...request({}), verb: 'STATUS' })
  assert.is(status.status, 0)
  assert.match(status.stderr, 'the host has no default route with an address')
})

test('the address and the MTU are those of local, of dev, or of the default route, in either family', async () => {
  ip('route add default via 192.0.2.254')
  ip('-6 route add default via 2001:db8:1::ff')
  const rows: [Keys, string, number][] = [
    [{}, '192.0.2.1', 8950],
    [{ dev: 'under0' }, '192.0.1.1', 1450],
    [{ local: '2001:db8:1::1' }, '2001:db8:1::1', 1430],
    [{ dev: 'under1', local: '2001:db8:2::1' }, '2001:db8:2::1', 8930],
    // On the loopback interface, as hosts with BGP have it: the link is that of the default route.
    [{ local: '198.51.100.7' }, '198.51.100.7', 8950],
    [{ dev: 'under0', mtu: 1300 }, '192.0.1.1', 1300],
  ]
  for (const [keys, address, mtu] of rows) {
    vni++
    const { verb } = await added(keys)
    assert.equal(told(), { vni, vtep: `vx${vni}`, address, port: 4789 }, JSON.stringify(keys))
    assert.is(link(`vx${vni}`).mtu, mtu, JSON.stringify(keys))
    assert.is((await verb('CHECK')).status, 0)
    await verb('DEL')
  }
  ip('route del default')
  const { verb } = await added({ dstport: 4790 })
  assert.equal(told(), { vni, vtep: `vx${vni}`, address: '2001:db8:1::1', port: 4790 })
  // The VTEP keeps the family for which it was made.
  ip('route add default via 192.0.2.254 mtu 1400')
  const second = await added({ dstport: 4790 })
  assert.is(told().address, '2001:db8:1::1')
  for (const one of [verb, second.verb]) assert.is((await one('DEL')).status, 0)
  const { verb: third } = await added({})
  assert.is(link(`vx${vni}`).mtu, 1350)
  await third('DEL')
})

test('arpSuppress: the VTEP answers and does not learn, and each attachment is told of with its addresses', async () => {
  const addresses = { ipam: fixed('10.1.0.1/24', 'fd00::1/64') }
  const { json, verb } = await added({ arpSuppress: true, ...addresses })
  const { proxy, learning } = link(`vx${vni}`).linkinfo?.info_data ?? {}
  assert.equal([proxy, learning ?? false], [true, false])
  const [name = ''] = attachedFiles()
  const record = JSON.parse(readFileSync(`/run/patchbay/peers/attached/${name}`, 'utf8'))
  const { mac } = (json?.interfaces as { mac: string }[] | undefined)?.at(-1) ?? {}
  assert.equal([record.vni, record.mac, record.network], [vni, mac, 'blue'])
  assert.equal(record.addresses.slice(0, 2), ['10.1.0.1', 'fd00::1'])
  assert.match(record.addresses[2], /^fe80::/)
  assert.is((await verb('CHECK')).status, 0)
  rmSync(`/run/patchbay/peers/attached/${name}`)
  assert.match(String((await verb('CHECK')).json?.msg), 'the record by which other hosts know of blue/')
  assert.is((await verb('DEL')).status, 0)
  const { verb: learns } = await added({ arpSuppress: true, learning: true })
  assert.is(link(`vx${vni}`).linkinfo?.info_data?.learning, true)
  await learns('DEL')
  assert.equal(attachedFiles(), [])
})

test('records go with DEL, with a namespace that is gone, with GC, and with the operator’s ip link delete', async () => {
  const before = snapshot()
  const container = newContainer()
  const { verb } = await added({ arpSuppress: true }, container)
  removeContainer(container)
  assert.is((await verb('DEL', { netns: undefined })).status, 0)
  assert.not.ok(existsSync(file()))
  const { verb: gc } = await added({ arpSuppress: true })
  const config = { 'cni.dev/valid-attachments': [] }
  assert.is((await gc('GC', { config: configOf({ ...config }) })).status, 0)
  assert.equal([existsSync(file()), attachedFiles()], [false, []])
  const { verb: del } = await added({})
  for (const name of [`vx${vni}`, `vxbr${vni}`]) ip(`link delete ${name}`)
  assert.is((await del('DEL')).status, 0)
  assert.not.ok(existsSync(file()))
  unchanged(before)
})

test('an ADD that fails after the VTEP was made leaves neither links nor records; one beside another container leaves that’s', async () => {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: '10.0.0.0/30', rangeStart: '10.0.0.2', rangeEnd: '10.0.0.2' }]],
  }
  const { verb } = await added({ vni: 900, arpSuppress: true, ipam })
  const { said } = await refused({ arpSuppress: true, ipam })
  assert.match(said, /no IP addresses available|range/)
  assert.not.ok(existsSync(file()))
  await refused({ vni: 900, arpSuppress: true, ipam })
  assert.ok(existsSync(file('vx900')))
  assert.is(attachedFiles().length, 1)
  await verb('DEL')
})

test('a damaged record is reported, and is written again by the next ADD', async () => {
  const { verb } = await added({})
  writeFileSync(file(), '{"vni": "x"}')
  const second = await added({})
  assert.match(second.stderr, 'is damaged: set aside')
  assert.is(told().vni, vni)
  for (const one of [verb, second.verb]) await one('DEL')
})

test('a network that gets remotes in place of peers is not the agent’s any more', async () => {
  const { verb } = await added({})
  const { verb: second } = await added({ peers: undefined, remotes: ['192.0.2.9'] })
  assert.not.ok(existsSync(file()))
  for (const one of [verb, second]) assert.is((await one('DEL')).status, 0)
  assert.not.ok(exists(`vx${vni}`))
})

test('plan knows a VTEP that is there, and whether an agent runs', async () => {
  const { verb } = await added({ arpSuppress: true })
  const { cniVersion, name, ...plugin } = configOf({ arpSuppress: true })
  const list = `${scratch}/peers.conflist`
  writeFileSync(list, JSON.stringify({ cniVersion, name, plugins: [plugin] }))
  const plan = () => operate(`${executables()}/patchbay`, `plan ${list}`)
  const without = plan()
  assert.match(without, 'no patchbay agent runs')
  assert.not.match(without, /ip link add vx\d/)
  const lock = start('flock', ['-F', '/run/patchbay/agent.lock', 'sleep', 'infinity'])
  await until('the lock is held', async () => !/no patchbay agent/.test((await verb('CHECK')).stderr))
  assert.not.match(plan(), 'no patchbay agent')
  lock.kill()
  await verb('DEL')
})

test.run()
