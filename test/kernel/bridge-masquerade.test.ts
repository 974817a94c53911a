/** bridge with ipMasq: the source addresses that a far host sees, with both back ends. */
// needs: nft ip

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, attach, attachTwo, done } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import {
  far,
  farHost,
  type Netns,
  near,
  newContainer,
  privateHost,
  removeContainer,
  scratch,
} from '../harness/host.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot } from '../harness/snapshot.ts'
import { engines } from '../harness/status.ts'
import { test } from '../harness/test.ts'
import { mirrorIn, sourcesAt, twice } from '../harness/traffic.ts'

await privateHost()

const farNetns = farHost()
const farMirror = await mirrorIn(farNetns)

/** The source addresses that the far host sees of a container. */
const seenFrom = (container: Netns) => sourcesAt(farMirror, container, Object.values(far))

test('without ipMasq the far host sees the container’s address', async () => {
  const container = await attach(bridgeNetwork({ isDefaultGateway: true }))
  assert.equal(seenFrom(container), twice(container.addresses))
})

for (const [ipMasq, at] of [
  ['ipv4', 0],
  ['ipv6', 1],
] as const)
  test(`ipMasq "${ipMasq}": only that family is masqueraded, and CHECK and DEL agree`, async () => {
    const before = snapshot()
    const container = await attach(bridgeNetwork({ isDefaultGateway: true, bridge: 'one0', ipMasq }))
    const sources = [...container.addresses]
    sources[at] = Object.values(near)[at] ?? ''
    assert.equal(seenFrom(container), twice(sources))
    await container.check()
    await container.del()
    command('ip', 'link', 'delete', 'one0')
    unchanged(before)
  })

for (const ipMasqBackend of ['nftables', 'iptables', undefined]) {
  const backend = ipMasqBackend ?? 'the default back end'

  test(`${backend}: the far host sees the host's address, over IPv4 and IPv6`, async () => {
    const container = await attach(bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend }))
    assert.equal(seenFrom(container), twice(Object.values(near)))
  })

  test(`${backend}: a neighbour on the bridge sees the container's address`, async () => {
    const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend })
    const { one, other } = await attachTwo(net)
    const mirror = await mirrorIn(other)
    assert.equal(sourcesAt(mirror, one, other.addresses), twice(one.addresses))
    mirror.stop()
  })

  test(`${backend}: after DEL of one container the other is still masqueraded`, async () => {
    const net = bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend })
    const { one: stays, other: goes } = await attachTwo(net)
    await goes.del()
    await stays.check()
    assert.equal(farMirror.sourceOf(stays, far.ipv4, 'tcp'), near.ipv4)
  })

  test(`${backend}: DEL removes the masquerade with CNI_NETNS empty and no prevResult`, async () => {
    const config = single(bridgeNetwork({ isDefaultGateway: true, ipMasq: true, ipMasqBackend }))
    await added({ config, containerID: 'first', netns: newContainer().path })
    const before = snapshot()
    const container = newContainer()
    await added({ config, containerID: 'gone', netns: container.path })
    removeContainer(container)
    assert.equal(await call({ verb: 'DEL', config, containerID: 'gone', netns: '' }), done)
    unchanged(before)
  })
}

for (const engine of engines)
  test(`${engine}: STATUS sends nf_tables one question and no transaction, which would wait for the lock of all rules`, async () => {
    const config = single(bridgeNetwork({ ipMasq: true, macspoofchk: true }, '1.1.0'))
    const trace = `${scratch}/netlink`
    const under = ['strace', '-f', '-q', '-e', 'trace=sendto', '-o', trace]
    const sent = async (request: Omit<Call, 'config'>): Promise<string[]> => {
      assert.is((await call({ ...request, config, engine, under })).status, 0)
      return readFileSync(trace, 'utf8').match(/NFT_MSG_\w+|NFNL_MSG_BATCH_BEGIN/g) ?? []
    }
    assert.equal(await sent({ verb: 'STATUS' }), ['NFT_MSG_GETGEN'])
    const attachment = { netns: newContainer().path }
    assert.ok((await sent({ verb: 'ADD', ...attachment })).includes('NFNL_MSG_BATCH_BEGIN'))
    assert.equal(await call({ verb: 'DEL', ...attachment, config }), done)
  })

test.run()
