/** `patchbay reapply` after `nft flush ruleset`: masquerade, MAC check and host ports of live containers are there again. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { attach } from '../harness/attach.ts'
import type { Network } from '../harness/cnitool.ts'
import { command } from '../harness/command.ts'
import { refusal } from '../harness/expect.ts'
import { far, farHost, near, privateHost, removeContainer } from '../harness/host.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { mirrorIn } from '../harness/traffic.ts'
import { ruleset } from './firewall-containers.ts'

await privateHost()
const outside = farHost()

/** A network with everything that is in the firewall. */
function network(): Network {
  const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, macspoofchk: true })
  return { ...net, plugins: [...net.plugins, { type: 'portmap', capabilities: { portMappings: true } }] }
}

const asking = (hostPort: number) => ({
  capabilities: { portMappings: [{ hostPort, containerPort: 7000, protocol: 'tcp' }] },
})

const reapply = () => command(`${executables()}/patchbay`, 'reapply').trim().split('\n').sort()

/** The ruleset, whatever the order of its parts. */
const sorted = () =>
  ruleset()
    .map((one) =>
      JSON.stringify(one, (_, value) =>
        Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value,
      ),
    )
    .sort()

test('after a flush CHECK notices, reapply restores the rules of live containers alone, and traffic passes', async () => {
  const net = network()
  const live = await attach(net, asking(8080))
  const before = sorted()
  const ended = await attach(net, asking(8081))
  removeContainer(ended)
  command('nft', 'flush', 'ruleset')
  assert.match(await refusal(live.check()), /is missing in/)
  assert.is(reapply().length, 3)
  assert.equal(sorted(), before)
  await live.check()
  const server = await mirrorIn(live)
  const farServer = await mirrorIn(outside)
  assert.is(server.sourceOf(outside, near.ipv4, 'tcp', 8080), far.ipv4)
  assert.is(farServer.sourceOf(live, far.ipv4, 'tcp'), near.ipv4)
  reapply()
  assert.equal(sorted(), before)
  await ended.del()
  await live.del()
  assert.equal(ruleset(), [])
})

test('after a flush the next ADD works without reapply, and every DEL, too', async () => {
  const net = network()
  const one = await attach(net, asking(8080))
  command('nft', 'flush', 'ruleset')
  const two = await attach(net, asking(8081))
  await two.check()
  await one.del()
  await two.check()
  await two.del()
  assert.equal(ruleset(), [])
})

test('without any attachment reapply has nothing to do', () => {
  assert.equal(reapply(), [''])
  assert.equal(ruleset(), [])
})

test.run()
