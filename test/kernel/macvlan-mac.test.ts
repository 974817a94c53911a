/** macvlan: the container's MAC address is the requested one, or derived from the attachment. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import { farHost, newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { single } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { type Call, call } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()

/** The MAC address that an attachment gets in a new namespace, which is deleted afterwards. */
async function macOf(config: Call['config'], containerID: string, args = ''): Promise<string> {
  const container = newContainer()
  const request = { config, containerID, args, netns: container.path }
  await added(request)
  const { address } = link('eth0', container)
  await call({ verb: 'DEL', ...request })
  return address
}

test('a container gets the same MAC address at each ADD; another container or network gets another one', async () => {
  const [net, other] = [single(macvlanNetwork()), single(macvlanNetwork())]
  const mac = await macOf(net, 'one')
  assert.is(await macOf(net, 'one'), mac)
  assert.is.not(await macOf(net, 'two'), mac)
  assert.is.not(await macOf(other, 'one'), mac)
})

test('the derived MAC address is unicast and locally administered', async () => {
  const config = single(macvlanNetwork())
  for (const containerID of ['a', 'b', 'c', 'd']) {
    const first = Number.parseInt((await macOf(config, containerID)).slice(0, 2), 16)
    assert.is(first & 3, 2)
  }
})

test('runtimeConfig.mac has priority over args.cni.mac, that over CNI_ARGS, that over the key mac', async () => {
  const [key, env, args, runtime] = [1, 2, 3, 4].map((last) => `02:00:5e:10:00:0${last}`)
  const config = single(macvlanNetwork({ mac: key }))
  const withArgs = { ...config, args: { cni: { mac: args } } }
  assert.is(await macOf(config, 'one'), key)
  assert.is(await macOf(config, 'one', `MAC=${env}`), env)
  assert.is(await macOf(withArgs, 'one', `MAC=${env}`), args)
  assert.is(await macOf({ ...withArgs, runtimeConfig: { mac: runtime } }, 'one', `MAC=${env}`), runtime)
})

test.run()
