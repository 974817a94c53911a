/** The reference's rules of nftables: what CHECK notices, and which of them DEL and GC remove. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import type { Attachment } from '../../shared/cni/plugin.ts'
import {
  checkMacSpoofCheck,
  collectMacSpoofCheck,
  removeMacSpoofCheck,
} from '../../shared/firewall/macspoofchk.ts'
import { checkMasquerade, collectMasquerade, removeMasquerade } from '../../shared/firewall/masquerade.ts'
import { command, ip } from '../harness/command.ts'
import { caught } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { checkMacByNftables, masqueradeByNftables } from '../harness/reference.ts'
import { test } from '../harness/test.ts'
import { cidrs } from './firewall-containers.ts'

await privateHost()
test.after.each(() => void command('nft', 'flush', 'ruleset'))

const one = { network: 'zero', containerID: 'c1', ifname: 'eth0' }
/** Its name begins with the other's. */
const two = { network: 'zero', containerID: 'c1', ifname: 'eth01' }
const other = { network: 'one', containerID: 'c1', ifname: 'eth0' }
const addresses = ['10.1.0.2/24', 'fd01::2/64']
const mac = '02:00:00:00:00:01'

const rules = (chain: string) => command('nft', 'list', 'chain', ...chain.split(' '))
const masqueraded = ({ network, ifname }: Attachment) =>
  rules('inet cni_plugins_masquerade masq_checks').includes(`net: ${network}, if: ${ifname},`)
const isChecked = ({ containerID, ifname }: Attachment) =>
  command('nft', 'list', 'table', 'bridge', 'nat').includes(`macspoofchk-${containerID}-${ifname}"`)

for (const [what, change, backend] of [
  ['the rule of one family', 'flush chain inet cni_plugins_masquerade masq_checks', undefined],
  ['the way to the rules', 'flush chain inet cni_plugins_masquerade postrouting', 'nftables'],
] as const)
  test(`ipMasq: CHECK accepts the reference’s rules, notices that ${what} is gone, and DEL removes the rest`, async () => {
    masqueradeByNftables(one, addresses)
    await checkMasquerade(one, cidrs(...addresses), backend)
    command('nft', change)
    if (what.includes('family')) masqueradeByNftables(one, addresses.slice(0, 1))
    const { message, details } = await caught(checkMasquerade(one, cidrs(...addresses), backend))
    assert.match(message, /the reference's chain inet cni_plugins_masquerade \w+ has no rule/)
    assert.match(details, 'see: nft list chain inet cni_plugins_masquerade')
    await removeMasquerade(one)
    assert.not.ok(masqueraded(one))
  })

test('ipMasq: DEL removes the reference’s rules of its attachment only', async () => {
  for (const each of [one, two, other]) masqueradeByNftables(each, addresses)
  await removeMasquerade(one)
  assert.equal([one, two, other].map(masqueraded), [false, true, true])
})

test('ipMasq: GC removes the reference’s rules of attachments of its network that are not valid, hundreds too', async () => {
  for (const each of [two, other]) masqueradeByNftables(each, addresses)
  const many = Array.from({ length: 400 }, (_, index) => `10.1.${index >> 8}.${index & 255}/16`)
  masqueradeByNftables(one, many)
  assert.is(await collectMasquerade('zero', [two]), many.length)
  assert.equal([one, two, other].map(masqueraded), [false, true, true])
  assert.is(await collectMasquerade('zero', [two]), 0)
})

for (const [what, change] of Object.entries({
  'the rule of the port': 'flush chain bridge nat PREROUTING',
  'the way to the address': 'flush chain bridge nat cni-br-iface-c1-eth0',
  'the address': 'flush chain bridge nat cni-br-iface-c1-eth0-mac',
}))
  test(`macspoofchk: CHECK accepts the reference’s rules, notices that ${what} is gone, and DEL removes the rest`, async () => {
    checkMacByNftables(one, 'veth1', mac)
    await checkMacSpoofCheck(one, 'veth1', mac)
    command('nft', change)
    const { message, details } = await caught(checkMacSpoofCheck(one, 'veth1', mac))
    assert.match(message, /the reference's chain bridge nat \S+ has no rule/)
    assert.match(details, 'see: nft list chain bridge nat')
    await removeMacSpoofCheck(one)
    assert.not.match(command('nft', 'list', 'ruleset'), 'cni-br-iface')
  })

test('macspoofchk: CHECK notices that the reference’s rules are for another port or address', async () => {
  checkMacByNftables(one, 'veth1', mac)
  assert.match((await caught(checkMacSpoofCheck(one, 'veth2', mac))).message, 'for veth2')
  const error = await caught(checkMacSpoofCheck(one, 'veth1', '02:00:00:00:00:02'))
  assert.match(error.message, 'for the MAC address')
})

test('macspoofchk: DEL removes the reference’s rules of its attachment only, and those of two ADDs', async () => {
  for (const each of [one, two, one]) checkMacByNftables(each, 'veth1', mac)
  await removeMacSpoofCheck(one)
  assert.equal([one, two].map(isChecked), [false, true])
})

test('macspoofchk: GC removes the reference’s rules of ports that are gone, unless their attachment is valid', async () => {
  ip('link add veth1 type veth peer name peer1')
  const [there, gone] = [one, { ...one, containerID: 'gone' }]
  checkMacByNftables(there, 'veth1', mac)
  checkMacByNftables(gone, 'veth3', mac)
  checkMacByNftables(two, 'veth2', mac)
  assert.is(await collectMacSpoofCheck('zero', [two]), 1)
  assert.equal([there, gone, two].map(isChecked), [true, false, true])
})

test('macspoofchk: DEL succeeds for a container ID that no chain can have', async () => {
  checkMacByNftables(one, 'veth1', mac)
  await removeMacSpoofCheck({ ...one, containerID: 'c'.repeat(250) })
  assert.ok(isChecked(one))
})

test.run()
