/** bridge: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: full speed, nft bridge, nft ip

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { harmOfFailures } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** The variants of a network, and whether a container is attached before, so that the bridge exists. */
const variants = [
  { keys: { isDefaultGateway: true }, resident: true },
  { keys: { isDefaultGateway: true, mtu: 1400 }, resident: false },
  { keys: { isGateway: true, ipMasq: true, ipMasqBackend: 'nftables', macspoofchk: true }, resident: true },
  { keys: { isGateway: true, ipMasq: true, ipMasqBackend: 'iptables' }, resident: true },
]

for (const { keys, resident } of variants) {
  const where = resident ? 'beside another container' : 'as the bridge’s first container'
  test(`${Object.keys(keys).join(', ')}, ${where}: a failing call leaves nothing, or does no harm`, async () => {
    const config = { bridge: '', ...single(bridgeNetwork(keys)) }
    if (resident) await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const { path: netns, name } = newContainer()
    const harm = await harmOfFailures(
      { verb: 'ADD', config, containerID: 'passing', netns },
      {
        look: () => [...snapshot(), ...snapshotOf(name)],
        tidy: () => (resident ? undefined : removeBridge(config.bridge)),
      },
    )
    assert.equal(harm, [])
  })
}

/** Deletes the bridge that DEL leaves, so that the next ADD is the first again. */
function removeBridge(bridge: string): void {
  if (exists(bridge)) ip(`link delete ${bridge}`)
}

test.run()
