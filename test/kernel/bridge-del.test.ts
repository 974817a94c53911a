/** bridge: DEL never gets stuck, whatever is gone already. */
// needs: nft ip, nft bridge

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { hostEnd } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Answer, type Configuration, call } from '../harness/plugin.ts'
import { type Snapshot, snapshot } from '../harness/snapshot.ts'

await privateHost()

const done: Answer = { status: 0, json: undefined, stderr: '' }

/** An attachment on a bridge that another container keeps busy, and the host as it was before it. */
async function attached(keys: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true, ...keys })
  const config = single(net, more)
  await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
  const before: Snapshot = snapshot()
  const container = newContainer()
  const { status, json } = await call({ verb: 'ADD', config, containerID: 'passing', netns: container.path })
  assert.is(status, 0, JSON.stringify(json))
  return { config, container, before, prevResult: json }
}

test('DEL twice: the second has nothing to do and says so by silence', async () => {
  const { config, container, before } = await attached()
  const request = { verb: 'DEL', config, containerID: 'passing', netns: container.path } as const
  assert.equal(await call(request), done)
  assert.equal(await call(request), done)
  unchanged(before)
})

test('DEL with the namespace gone', async () => {
  const { config, container, before } = await attached()
  removeContainer(container)
  assert.equal(await call({ verb: 'DEL', config, containerID: 'passing', netns: container.path }), done)
  unchanged(before)
})

test('DEL with CNI_NETNS empty and no prevResult, the namespace still there: the address is free again', async () => {
  const { config, before } = await attached()
  assert.equal(await call({ verb: 'DEL', config, containerID: 'passing', netns: '' }), done)
  unchanged(before)
})

test('DEL with CNI_NETNS empty and the prevResult', async () => {
  const { config, container, before, prevResult } = await attached()
  removeContainer(container)
  const withResult = { ...config, prevResult }
  assert.equal(await call({ verb: 'DEL', config: withResult, containerID: 'passing', netns: '' }), done)
  unchanged(before)
})

test('DEL with the bridge gone', async () => {
  const { config, container } = await attached()
  ip(`link delete ${(config as Configuration).bridge}`)
  for (const containerID of ['passing', 'resident'])
    assert.equal(await call({ verb: 'DEL', config, containerID, netns: container.path }), done)
})

test('DEL with the interface gone from the container', async () => {
  const { config, container, before } = await attached()
  ip(`link delete ${hostEnd(container).ifname}`)
  assert.equal(await call({ verb: 'DEL', config, containerID: 'passing', netns: container.path }), done)
  unchanged(before)
})

test('DEL before any ADD', async () => {
  const before = snapshot()
  const config = single(bridgeNetwork({ ipMasq: true, macspoofchk: true }))
  assert.equal(await call({ verb: 'DEL', config, netns: newContainer().path }), done)
  unchanged(before)
})

for (const wrong of [
  { hairpinMode: true, promiscMode: true },
  { mtu: 'large' },
  { vlan: 5000 },
  { ipMasqBackend: 'ipfw' },
  { hairpinmod: true },
]) {
  test(`DEL of a configuration that ADD refuses still cleans up: ${JSON.stringify(wrong)}`, async () => {
    const { config, container, before } = await attached()
    const refused = { ...config, ...wrong }
    const { status } = await call({
      verb: 'DEL',
      config: refused,
      containerID: 'passing',
      netns: container.path,
    })
    assert.is(status, 0)
    unchanged(before)
  })
}

test.run()
