/** Damaged records of plugins that share a parent: DEL succeeds and leaves nothing, and the next ADD succeeds. */
// needs: link ipvlan, link vlan

import { damages, outlivesDamage } from '../harness/damage.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { lanAddresses } from '../harness/nic.ts'
import type { Configuration } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()

const common = { name: 'net', cniVersion: '1.1.0', master: 'uplink' }
const kinds: Record<string, Configuration> = {
  'an ipvlan port': { type: 'ipvlan', ipam: lanAddresses() },
  'the outer VLAN of several': { type: 'vlan', tags: [100, 20] },
}

for (const [kind, keys] of Object.entries(kinds)) {
  for (const [what, damage] of Object.entries(damages))
    test(`a record of ${kind} that is ${what}`, () => outlivesDamage({ ...keys, ...common }, damage))

  test(`a damaged record of ${kind}, and a namespace that is gone`, () =>
    outlivesDamage({ ...keys, ...common }, () => '{}', { isGone: true }))
}

test.run()
