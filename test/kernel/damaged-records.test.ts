/** Damaged records: DEL succeeds and leaves nothing, and the next ADD succeeds. */
// needs: link macvtap, link macvlan

import { ip } from '../harness/command.ts'
import { damages, outlivesDamage } from '../harness/damage.ts'
import { farHost, privateHost } from '../harness/host.ts'
import { lanAddresses } from '../harness/nic.ts'
import type { Configuration } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
farHost()
ip('link add eth1 type veth peer name eth1-peer')

const common = { name: 'net', cniVersion: '1.1.0' }

/** A plugin for each kind of record. */
const kinds: Record<string, Configuration> = {
  'a lent link': { type: 'host-device', device: 'eth1' },
  'the ends of a wire': { type: 'wire' },
  'a device node': { type: 'macvtap', master: 'uplink' },
  'a shared link': { type: 'macvlan', master: 'uplink', hostAccess: true, ipam: lanAddresses() },
}

for (const [kind, keys] of Object.entries(kinds))
  for (const [what, damage] of Object.entries(damages))
    test(`a record of ${kind} that is ${what}`, () => outlivesDamage({ ...keys, ...common }, damage))

for (const [kind, keys] of Object.entries(kinds).filter(([, { type }]) => type !== 'host-device'))
  test(`a damaged record of ${kind}, and a namespace that is gone`, () =>
    outlivesDamage({ ...keys, ...common }, () => '{}', true))

test.run()
