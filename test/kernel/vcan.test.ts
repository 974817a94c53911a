/** vcan: programs of one container receive each other's frames, others do not; classic, FD and XL frames; refusals; STATUS. */
// needs: link vcan
// packages: can-utils

import * as assert from 'uvu/assert'
import { added, attach } from '../harness/attach.ts'
import { heardFrames, sendFrames } from '../harness/can.ts'
import { passXl } from '../harness/can-xl.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { type Netns, newContainer, privateHost } from '../harness/host.ts'
import { inContainer, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const ifname = 'can0'
const config = { type: 'vcan', name: 'net', cniVersion: '1.1.0' }

/** A new container with a vcan. */
async function withVcan(keys: Record<string, unknown>): Promise<Netns> {
  const container = newContainer()
  await added({ config: { ...config, ...keys }, netns: container.path, ifname })
  return container
}

test('150-vcan.conflist: only programs of the container receive each other’s frames', async () => {
  const net = exampleNetwork('150-vcan.conflist')
  const [one, two] = [await attach(net, { ifname }), await attach(net, { ifname })]
  const { interfaces, ips } = one.result
  assert.equal(interfaces, [{ name: ifname, mtu: 72, sandbox: one.path }])
  assert.is(ips, undefined)
  const frames = ['123#1122', '1F334455#AA', '123##71122334455667788AABBCCDD']
  let elsewhere: string[] = []
  const heard = await heardFrames({ ifname, netns: one }, async () => {
    elsewhere = await heardFrames({ ifname, netns: two }, () => sendFrames({ ifname, netns: one }, ...frames))
  })
  assert.equal([heard, elsewhere], [frames, []])
  await one.check()
  for (const { del } of [one, two]) await del()
})

test('mtu 16: FD frames are refused, classic ones pass', async () => {
  const netns = await withVcan({ mtu: 16 })
  const heard = await heardFrames({ ifname, netns }, () => {
    sendFrames({ ifname, netns }, '123#11')
    assert.throws(() => sendFrames({ ifname, netns }, '123##011'), 'not CAN FD capable')
  })
  assert.equal(heard, ['123#11'])
})

test('the default mtu is 72 on every kernel; with mtu 0 the kernel chooses it', async () => {
  assert.is(link(ifname, await withVcan({})).mtu, 72)
  const netns = await withVcan({ mtu: 0 })
  inContainer(netns, 'link add plain type vcan')
  assert.is(link(ifname, netns).mtu, link('plain', netns).mtu)
})

for (const mtu of [72, 76, 2060])
  test(`mtu ${mtu} is the interface's`, async () => {
    assert.is(link(ifname, await withVcan({ mtu })).mtu, mtu)
  })

test('mtu 2060: XL frames of 2048 bytes pass; with mtu 72 they are refused', async () => {
  const longest = Buffer.alloc(2048, 0x5a)
  assert.equal(passXl({ ifname, netns: await withVcan({ mtu: 2060 }) }, longest), longest)
  const netns = await withVcan({ mtu: 72 })
  assert.throws(() => passXl({ ifname, netns }, longest), 'EINVAL')
})

for (const [keys, said] of [
  [{ mtu: 1500 + 561 }, 'mtu is 2061, must be a whole number from 0 to 2060'],
  [{ mtu: 64 }, 'mtu: must be 16 (classic CAN), 72 (CAN FD), or from 76 to 2060 (CAN XL), found 64'],
  [{ mtu: '72' }, 'mtu is "72"'],
  [{ mut: 72 }, 'did you mean mtu'],
  [
    { ipam: { type: 'host-local', subnet: '10.1.0.0/24' } },
    'ipam is set: a CAN interface has no IP addresses',
  ],
  [{ runtimeConfig: { mac: '02:00:00:00:00:01' } }, 'a CAN interface has none'],
] as const)
  test(`refused with code 7: ${JSON.stringify(keys)}`, async () => {
    const container = newContainer()
    const before = snapshotOf(container.name)
    const { json } = await call({
      verb: 'ADD',
      config: { ...config, ...keys },
      netns: container.path,
      ifname,
    })
    assert.is(json?.code, 7)
    assert.ok(String(json?.msg).includes(said), String(json?.msg))
    unchanged(before, () => snapshotOf(container.name))
  })

for (const cniVersion of ['0.1.0', '0.2.0'])
  test(`${cniVersion} cannot express an interface without addresses: ADD is refused and undone`, async () => {
    const container = newContainer()
    const before = snapshotOf(container.name)
    const { json } = await call({ verb: 'ADD', config: { ...config, cniVersion }, netns: container.path })
    assert.is(json?.code, 1)
    unchanged(before, () => snapshotOf(container.name))
  })

test('STATUS succeeds if the kernel has vcan devices, and makes none', async () => {
  const before = snapshot()
  assert.is((await call({ verb: 'STATUS', config })).status, 0)
  unchanged(before)
  assert.not.ok(ip('link show').includes('probe'))
})

test.run()
