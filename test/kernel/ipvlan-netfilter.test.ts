/** ipvlan and the host's netfilter: packets to a container pass it in mode l3s, and do not in l3. */
// needs: link ipvlan, iptables

import * as assert from 'uvu/assert'
import { addressesOf } from '../harness/address.ts'
import * as cnitool from '../harness/cnitool.ts'
import { command, succeeds } from '../harness/command.ts'
import { far, farHost, newContainer, privateHost } from '../harness/host.ts'
import { hostLocal } from '../harness/networks.ts'
import { ipvlanNetwork } from '../harness/nic.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()
const distant = farHost()

/** With iptables-legacy where it works: not every kernel has nf_tables for IPv4. */
function filter(verb: '-A' | '-D', address: string): void {
  const tool = succeeds('iptables-legacy', '-S') ? 'iptables-legacy' : 'iptables'
  command(tool, verb, 'INPUT', '-d', address, '-j', 'DROP')
}

for (const [mode, filtered] of [
  ['l3', false],
  ['l3s', true],
] as const)
  test(`${mode}: the host’s netfilter ${filtered ? 'drops' : 'does not see'} packets to the container`, async () => {
    const ipam = { ...hostLocal('10.70.0.0/24'), routes: [{ dst: '0.0.0.0/0' }] }
    const net = ipvlanNetwork({ mode, ipam })
    const container = newContainer()
    const [address = ''] = addressesOf((await cnitool.add(net, container)).ips)
    filter('-A', address)
    assert.ok(filtered ? isSilent(distant, address) : pings(distant, address))
    filter('-D', address)
    assert.ok(pings(distant, address))
    assert.ok(pings(container, far.ipv4))
    await cnitool.del(net, container)
  })

test.run()
