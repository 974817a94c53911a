/** vxlan: when any system call of ADD fails, ADD still succeeds or leaves nothing. */
// needs: full speed, link vxlan

import * as assert from 'uvu/assert'
import { ip } from '../harness/command.ts'
import { harmOfFailures } from '../harness/failing.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Call, call } from '../harness/plugin.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

ip('link add under0 type veth peer name under1')
ip('address add 192.0.2.1/24 dev under0')
for (const end of ['under0', 'under1']) ip(`link set ${end} up`)

/** The variants of a network, and whether a container is attached before, so that VTEP and bridge exist. */
const variants = [
  { keys: { group: '239.1.1.1', dev: 'under0', gso: false }, resident: false },
  { keys: { remotes: ['192.0.2.2', '192.0.2.3'] }, resident: true },
  { keys: { remotes: ['192.0.2.2'], direct: true, gro: false }, resident: false },
]

for (const [index, { keys, resident }] of variants.entries()) {
  const where = resident ? 'beside another container' : 'as the first container'
  test(`${Object.keys(keys).join(', ')}, ${where}: a failing call leaves nothing, or does no harm`, async () => {
    const ipam = hostLocal(`10.${index}.0.0/24`, `fd00:${index}::/64`)
    const name = `net${index}`
    const config = { type: 'vxlan', cniVersion: '1.1.0', name, vni: 100 + index, ipam, ...keys }
    if (resident) await call({ verb: 'ADD', config, containerID: 'resident', netns: newContainer().path })
    const container = newContainer()
    const request: Call = { verb: 'ADD', config, containerID: 'passing', netns: container.path }
    const look = () => [...snapshot(), ...snapshotOf(container.name)]
    assert.equal(await harmOfFailures(request, { look }), [])
  })
}

test.run()
