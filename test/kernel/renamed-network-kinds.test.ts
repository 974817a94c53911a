/** The same as renamed-network.test.ts, for kinds that only some kernels have. */
// needs: link bond, link team, link vlan, link vxcan, link ipvlan, link ipvtap, link macsec

import { hostNics, nics, ownCables } from '../harness/cables.ts'
import { privateHost } from '../harness/host.ts'
import { layCable, wholeMacsec, writeKeys } from '../harness/macsec.ts'
import { hostLocal } from '../harness/networks.ts'
import { type Renamed, testRenamed } from '../harness/renamed.ts'
import { test } from '../harness/test.ts'

await privateHost()
hostNics()
layCable()
writeKeys()

const ipam = hostLocal('10.9.0.0/24')
const links = nics.map((name) => ({ name }))
const own = { linksInContainer: true, links: [{ name: 'net1' }, { name: 'net2' }], ipam }

const kinds: Record<string, Renamed> = {
  'bond of the host’s NICs': { config: { type: 'bond', links, ipam } },
  'bond of the container’s own NICs': { config: { type: 'bond', ...own }, prepare: ownCables },
  'team of the host’s NICs': { config: { type: 'team', links, ipam } },
  'team of the container’s own NICs': { config: { type: 'team', ...own }, prepare: ownCables },
  'vlan with tags': { config: { type: 'vlan', master: 'nic0', tags: [100, 20], ipam } },
  'vxcan as a wire': { config: { type: 'vxcan', wire: 'bus' }, ifname: 'can0' },
  'vxcan with an end on the host': { config: { type: 'vxcan' }, ifname: 'can0' },
  ipvlan: { config: { type: 'ipvlan', master: 'nic0', ipam } },
  'ipvlan with hostAccess': { config: { type: 'ipvlan', master: 'nic0', hostAccess: true, ipam } },
  ipvtap: { config: { type: 'ipvtap', master: 'nic0', ipam } },
  macsec: { config: { ...wholeMacsec.config, ipam } },
}

for (const [what, renamed] of Object.entries(kinds)) testRenamed(what, renamed)

test.run()
