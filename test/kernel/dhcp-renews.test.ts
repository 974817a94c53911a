/** `patchbay dhcp`: leases are renewed as RFC 2131 section 4.4.5 says, and what servers change is applied. */
// needs: link macvlan
// unpacked: kea-dhcp4-server

import * as assert from 'uvu/assert'
import { type Attached, attach } from '../harness/attach.ts'
import { network } from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { listenOn } from '../harness/dhcp-heard.ts'
import { keaOn } from '../harness/dhcp-kea.ts'
import { changeEntry, entryOf, startRenewer } from '../harness/dhcp-renewer.ts'
import { segment, station } from '../harness/dhcp-segment.ts'
import { privateHost } from '../harness/host.ts'
import { addresses, link, routes } from '../harness/look.ts'
import { test } from '../harness/test.ts'
import { until } from '../harness/until.ts'

await privateHost()

let networks = 0

/** A segment with its own server, and a network on it. Leases are for 4 s, T1 is 1 s, T2 is 2 s. */
async function served(config: Partial<Parameters<typeof keaOn>[1]> = {}) {
  const number = ++networks
  const lan = segment(`eth${number}`)
  const at = station(lan, `server${number}`, `10.${number}.0.1/24`)
  const kea = await keaOn(at, {
    subnet: `10.${number}.0.0/24`,
    pool: `10.${number}.0.100-10.${number}.0.110`,
    options: { routers: `10.${number}.0.1` },
    ...config,
  })
  const plugin = { type: 'macvlan', master: lan.nic, ipam: { type: 'dhcp' } }
  return { lan, at, kea, ear: listenOn(at), net: network(`dhcp${number}`, plugin) }
}

/** What CHECK says. */
async function checked({ check }: Attached): Promise<string> {
  return check().then(
    () => 'fine',
    (error) => String(error),
  )
}

test('a lease is renewed at T1 by unicast, and CHECK goes on', async () => {
  const { kea, ear, net } = await served()
  const renewer = await startRenewer()
  const guest = await attach(net)
  const before = entryOf(guest)?.lease4?.since ?? 0
  await until('it is renewed', () => (entryOf(guest)?.lease4?.since ?? 0) > before)
  const renewal = ear.dhcp().filter(({ type }) => type === 'REQUEST').at(1)
  console.log(renewal, ear.asked(), renewer.log())
  assert.equal(await checked(guest), 'fine')
  await renewer.end()
  await guest.del()
  await kea.end()
})

test.run()
