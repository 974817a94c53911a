/** macvlan: the container's MAC address is the one that was asked for, or follows from the attachment. */
// needs: link macvlan

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { type Call, call } from '../harness/plugin.ts'

await privateHost()
farHost()

/** The MAC address that an attachment gets in a new namespace; it is deleted at once. */
async function macOf(config: Call['config'], containerID: string, args = ''): Promise<string> {
  const container = newContainer()
  const request = { config, containerID, args, netns: container.path }
  const { status, json } = await call({ verb: 'ADD', ...request })
  assert.is(status, 0, JSON.stringify(json))
  const { address } = link('eth0', container)
  await call({ verb: 'DEL', ...request })
  return address
}

test('a container gets the same one whenever it is attached, another container and network get others', async () => {
  const [net, other] = [single(macvlanNetwork()), single(macvlanNetwork())]
  const mac = await macOf(net, 'one')
  assert.is(await macOf(net, 'one'), mac)
  assert.is.not(await macOf(net, 'two'), mac)
  assert.is.not(await macOf(other, 'one'), mac)
})

test('it is marked as locally administered, and a unicast one', async () => {
  const config = single(macvlanNetwork())
  for (const containerID of ['a', 'b', 'c', 'd']) {
    const first = Number.parseInt((await macOf(config, containerID)).slice(0, 2), 16)
    assert.is(first & 3, 2)
  }
})

test('runtimeConfig.mac counts before args.cni.mac, that before CNI_ARGS, that before the key mac', async () => {
  const [key, env, args, runtime] = [1, 2, 3, 4].map((last) => `02:00:5e:10:00:0${last}`)
  const config = single(macvlanNetwork({ mac: key }))
  const withArgs = { ...config, args: { cni: { mac: args } } }
  assert.is(await macOf(config, 'one'), key)
  assert.is(await macOf(config, 'one', `MAC=${env}`), env)
  assert.is(await macOf(withArgs, 'one', `MAC=${env}`), args)
  assert.is(await macOf({ ...withArgs, runtimeConfig: { mac: runtime } }, 'one', `MAC=${env}`), runtime)
})

test.run()
