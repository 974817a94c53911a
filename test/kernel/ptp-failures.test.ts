/** ptp: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: full speed, nft ip

import * as assert from 'uvu/assert'
import { harmOfFailures } from '../harness/failing.ts'
import { newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { ptpNetwork, single } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

for (const keys of [{}, { ipMasq: true, ipMasqBackend: 'nftables', mtu: 1400 }])
  test(`ptp ${JSON.stringify(keys)}: a failing call leaves nothing, or does no harm`, async () => {
    const config = single(ptpNetwork(keys))
    await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const { path: netns, name } = newContainer()
    const request = { verb: 'ADD', config, containerID: 'passing', netns } as const
    const harm = await harmOfFailures(request, { look: () => [...snapshot(), ...snapshotOf(name)] })
    assert.equal(harm, [])
  })

test('as the host’s first container, a failing call leaves forwarding off', async () => {
  const config = single(ptpNetwork())
  const { path: netns, name } = newContainer()
  const request = { verb: 'ADD', config, containerID: 'first', netns } as const
  const harm = await harmOfFailures(request, {
    look: () => [...snapshot(), ...snapshotOf(name)],
    tidy: forwardNothing,
  })
  assert.equal(harm, [])
})

/** DEL leaves forwarding on: other networks may need it. */
function forwardNothing(): void {
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
}

test.run()
