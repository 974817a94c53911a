/** vxcan with rules of can-gw: which frames pass between a CAN device of the host and a container. */
// needs: link vxcan, link vcan, can gateway
// packages: can-utils

import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { refused } from '../harness/attach.ts'
import { gatewayRules, heardFrames, sendFrames } from '../harness/can.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call, type Engine } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const ifname = 'can0'
const config = { type: 'vxcan', name: 'net', cniVersion: '1.1.0' }
const bus = { ifname: 'can0' }
// mtu 72, for CAN FD: newer kernels default to CAN XL, where cansend refuses CAN FD frames.
ip('link add can0 mtu 72 up type vcan')

/** The frames sent on the bus that the container receives, and the other way round. */
async function passing(gateway: object, frames: readonly string[], engine: Engine = 'quickjs') {
  const netns = newContainer()
  const attachment = {
    config: { ...config, gateway: { device: 'can0', ...gateway } },
    engine,
    netns: netns.path,
    ifname,
  }
  const { status, json } = await call({ verb: 'ADD', ...attachment })
  assert.is(status, 0, JSON.stringify(json))
  const container = { ifname, netns }
  const toContainer = await heardFrames(container, () => sendFrames(bus, ...frames))
  const fromContainer = await heardFrames(bus, () => sendFrames(container, ...frames))
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
  assert.equal(gatewayRules(), [])
  return { toContainer, fromContainer }
}

test('without the module can-gw, ADD and STATUS name it, and nothing is left', async () => {
  const attachment = { config: { ...config, gateway: { device: 'can0' } }, netns: newContainer().path }
  const before = snapshot()
  const isLoaded = existsSync('/sys/module/can_gw')
  for (const verb of ['STATUS', 'ADD'] as const) {
    const { status, json } = await call({ verb, ...attachment })
    if (isLoaded) assert.is(status, 0)
    else assert.equal([json?.code, /modprobe can-gw/.test(String(json?.details))], [50, true])
  }
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
  unchanged(before)
  command('modprobe', 'can-gw')
  assert.is((await call({ verb: 'STATUS', ...attachment })).status, 0)
})

test('153-vxcan-gateway.conflist: only frames that match the filters pass', async () => {
  const net = exampleNetwork('153-vxcan-gateway.conflist')
  const netns = newContainer()
  await cnitool.add(net, netns, { ifname })
  const container = { ifname, netns }
  const sent = ['1AB#01', '1AB##701', '201#02', '18FEF105#03', '18FEE105#04']
  assert.equal(await heardFrames(container, () => sendFrames(bus, ...sent)), [
    '1AB#01',
    '1AB##701',
    '18FEF105#03',
  ])
  assert.equal(await heardFrames(bus, () => sendFrames(container, ...sent)), ['201#02'])
  await cnitool.check(net, netns, { ifname })
  await cnitool.del(net, netns, { ifname })
})

const frames = ['123#1122', '1F334455#AA', '123##71122334455667788AABBCCDD']

test('without filters, classic and FD frames pass, and a vcan of the host echoes them to its programs, unless echo is false', async () => {
  for (const engine of ['quickjs', 'node'] as const) {
    const { toContainer, fromContainer } = await passing({}, frames, engine)
    assert.equal([toContainer, fromContainer], [frames, frames])
    assert.equal((await passing({ fromContainer: [{ echo: false }] }, frames, engine)).fromContainer, [])
  }
})

test('rules that would deliver a frame twice are refused; a copy with another identifier is delivered', async () => {
  const overlapping = [{ filter: '100:700' }, { filter: '123:7FF' }]
  for (const engine of ['quickjs', 'node'] as const) {
    const gateway = { device: 'can0', toContainer: overlapping }
    const { code, said } = await refused({ config: { ...config, gateway }, ifname, engine })
    assert.equal([code, said.startsWith('gateway: toContainer[1] lets frames through')], [7, true])
  }
  const copied = [{ filter: '100:700' }, { filter: '123:7FF', set: { id: '456' } }]
  const { toContainer } = await passing({ toContainer: copied }, ['123#1122', '124#33'])
  assert.equal(toContainer.sort(), ['123#1122', '124#33', '456#1122'])
})

test('frames of the container are sent on the device, also without echo', async () => {
  const far = newContainer()
  ip(`link add cable0 mtu 72 up type vxcan peer name can0 netns ${far.name}`)
  ip(`-n ${far.name} link set can0 mtu 72 up`)
  const netns = newContainer()
  const attachment = { config: { ...config, gateway: { device: 'cable0' } }, netns: netns.path, ifname }
  assert.is((await call({ verb: 'ADD', ...attachment })).status, 0)
  const [near, away] = [
    { ifname, netns },
    { ifname: 'can0', netns: far },
  ]
  assert.equal(await heardFrames(away, () => sendFrames(near, ...frames)), frames)
  assert.equal(await heardFrames(near, () => sendFrames(away, ...frames)), frames)
  ip('link delete cable0')
  assert.match(String((await check(attachment)).json?.msg), 'the host has no interface "cable0"')
  assert.is((await call({ verb: 'DEL', ...attachment })).status, 0)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: CHECK accepts the rules of an earlier version, which did not echo by default, but no other`, async () => {
    const without = { device: 'can0', fromContainer: [{ echo: false }] }
    const attachment = { netns: newContainer().path, ifname, engine }
    const added = { ...attachment, config: { ...config, gateway: without } }
    assert.is((await call({ verb: 'ADD', ...added })).status, 0)
    const checked = async (gateway: object) =>
      (await check({ ...attachment, config: { ...config, gateway } as typeof config })).status
    assert.is(await checked({ device: 'can0' }), 0)
    assert.is(await checked({ device: 'can0', fromContainer: [{ echo: true }] }), 1)
    assert.is(await checked({ device: 'can0', toContainer: [{ echo: true }] }), 1)
    assert.is((await call({ verb: 'DEL', ...added })).status, 0)
  })

function check(attachment: { config: typeof config; netns: string; ifname: string }) {
  const prevResult = {
    cniVersion: '1.1.0',
    interfaces: [
      { name: ip('-o link show type vxcan').split(': ')[1]?.split('@')[0] },
      { name: ifname, sandbox: attachment.netns },
    ],
  }
  return call({ verb: 'CHECK', ...attachment, config: { ...attachment.config, prevResult } as typeof config })
}

for (const [rule, heard] of [
  [{ filter: '123~7FF' }, ['1F334455#AA']],
  [{ filter: '1F334455:1FFFFFFF' }, ['1F334455#AA']],
  [{ frames: 'fd' }, [frames[2]]],
  [{ frames: 'classic' }, frames.slice(0, 2)],
  [{ frames: 'classic', set: { id: '456', data: 'C0FFEE' } }, ['456#C0FF', '456#C0']],
  [{ filter: '123:7FF', frames: 'fd', set: { id: '00000456', len: 2 } }, ['00000456##71122']],
] as const)
  test(`${JSON.stringify(rule)} lets ${heard.join(' ')} through`, async () => {
    const { toContainer, fromContainer } = await passing({ toContainer: [rule], fromContainer: [] }, frames)
    assert.equal([toContainer, fromContainer], [heard, []])
  })

for (const [device, said] of [
  ['can9', 'gateway.device: the host has no interface "can9": name a CAN device'],
  ['lo', 'gateway.device: lo is no CAN device'],
] as const)
  test(`refused: ${said}`, async () => {
    const before = snapshot()
    const keys = { ...config, gateway: { device } }
    const { json } = await call({ verb: 'ADD', config: keys, netns: newContainer().path, ifname })
    assert.equal([json?.code, json?.msg], [7, said])
    unchanged(before)
  })

test('a device that is down is used, with a warning', async () => {
  ip('link add idle0 type vcan')
  const keys = { ...config, gateway: { device: 'idle0' } }
  const { status, stderr } = await call({ verb: 'ADD', config: keys, netns: newContainer().path, ifname })
  assert.is(status, 0)
  assert.match(stderr, 'idle0 is down')
})

test.run()
