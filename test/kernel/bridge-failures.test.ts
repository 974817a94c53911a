/** bridge: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: full speed, nft bridge, nft ip

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { harmOfFailures } from '../harness/failing.ts'
import * as engine from '../harness/faults.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { exists } from '../harness/look.ts'
import { bridgeNetwork, single } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { difference, snapshot, snapshotOf } from '../harness/snapshot.ts'
import * as strace from '../harness/strace.ts'
import { test } from '../harness/test.ts'

await privateHost()

const masquerade = { isGateway: true, ipMasq: true }

/** The variants of a network, and whether a container is attached before, so that the bridge exists, and how calls fail. */
const variants = [
  { keys: { isDefaultGateway: true }, resident: true, by: engine },
  { keys: { isDefaultGateway: true, mtu: 1400 }, resident: false, by: engine },
  { keys: { ...masquerade, ipMasqBackend: 'nftables', macspoofchk: true }, resident: true, by: engine },
  // Only strace reaches the calls of iptables.
  { keys: { ...masquerade, ipMasqBackend: 'iptables' }, resident: true, by: strace },
]

for (const { keys, resident, by } of variants) {
  const where = resident ? 'beside another container' : 'as the bridge’s first container'
  test(`${Object.keys(keys).join(', ')}, ${where}: a failing call leaves nothing, or does no harm`, async () => {
    const config = { bridge: '', ...single(bridgeNetwork(keys)) }
    if (resident) await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const { path: netns, name } = newContainer()
    const harm = await harmOfFailures(
      { verb: 'ADD', config, containerID: 'passing', netns },
      {
        look: () => [...snapshot(), ...snapshotOf(name)],
        by,
        tidy: () => (resident ? undefined : removeBridge(config.bridge)),
      },
    )
    assert.equal(harm, [])
  })
}

test('the engine of tests and strace list the same calls of an ADD', async () => {
  const keys = { ...masquerade, ipMasqBackend: 'nftables', macspoofchk: true }
  const config = { bridge: '', ...single(bridgeNetwork(keys)) }
  const request: Call = { verb: 'ADD', config, netns: newContainer().path }
  const listed = async ({ faultsOf }: Pick<typeof strace, 'faultsOf'>) => {
    const faults = await faultsOf(request)
    await call({ ...request, verb: 'DEL' })
    removeBridge(config.bridge)
    rmSync('/var/lib/cni', { recursive: true })
    // How often events are read depends on time.
    return faults
      .map(({ syscall, nth }) => `${syscall} ${nth}`)
      .filter((line) => !line.startsWith('recvfrom'))
  }
  await listed(engine) // The host forwards from now on.
  const [ours, control] = [await listed(engine), await listed(strace)]
  assert.ok(ours.length > 100)
  assert.equal(difference(control, ours), [])
})

/** Deletes the bridge that DEL leaves, so that the next ADD is the first again. */
function removeBridge(bridge: string): void {
  if (exists(bridge)) ip(`link delete ${bridge}`)
}

test.run()
