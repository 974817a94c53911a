/** bridge: DEL succeeds whatever was deleted before. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { added, done, readyBesideResident } from '../harness/attach.ts'
import { ip, ipJson } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { hostEnd } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

const ready = () =>
  readyBesideResident(single(bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true })))

test('DEL twice: the second succeeds without output', async () => {
  const { del, before } = await ready()
  assert.equal(await call(del), done)
  assert.equal(await call(del), done)
  unchanged(before)
})

test('DEL with CNI_NETNS empty and no prevResult, the namespace still there: the address is free again', async () => {
  const { del, before } = await ready()
  assert.equal(await call({ ...del, netns: '' }), done)
  unchanged(before)
})

test('DEL with CNI_NETNS empty and the prevResult', async () => {
  const { config, del, container, before, result } = await ready()
  removeContainer(container)
  const withResult = { ...config, prevResult: result }
  assert.equal(await call({ ...del, config: withResult, netns: '' }), done)
  unchanged(before)
})

test('DEL with the bridge deleted', async () => {
  const { config, del } = await ready()
  ip(`link delete ${config.bridge}`)
  for (const containerID of ['passing', 'resident']) assert.equal(await call({ ...del, containerID }), done)
})

test('DEL with the container’s interface deleted', async () => {
  const { del, container, before } = await ready()
  ip(`link delete ${hostEnd(container).ifname}`)
  assert.equal(await call(del), done)
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
    const { config, del, before } = await ready()
    const { status } = await call({ ...del, config: { ...config, ...wrong } })
    assert.is(status, 0)
    unchanged(before)
  })
}

test('an attachment whose names just fit an alias of the kernel, and one that is a byte longer, come and go', async () => {
  const key = 'patchbay:/c1/eth0'.length
  for (const length of [254, 255, 256]) {
    const before = snapshot()
    const container = newContainer()
    const config = {
      ...single(bridgeNetwork({ bridge: 'br-alias', ipam: {} })),
      name: 'n'.repeat(length - key),
    }
    const request = { config, containerID: 'c1', netns: container.path }
    await added(request)
    const links = ipJson<{ ifalias?: string }>('link show type veth')
    const alias = links.find(({ ifalias }) => ifalias?.startsWith('patchbay:nn'))?.ifalias
    assert.is(alias?.length, length === 254 ? 254 : undefined)
    assert.equal(await call({ ...request, verb: 'DEL', netns: '' }), done)
    removeContainer(container)
    ip('link delete br-alias')
    unchanged(before)
  }
})

test.run()
