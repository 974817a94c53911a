/** GC of the firewall after thousands of containers without DEL. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { hostIfname } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { addMacSpoofCheck, collectMacSpoofCheck } from '../../shared/firewall/macspoofchk.ts'
import { addMasquerade, collectMasquerade } from '../../shared/firewall/masquerade.ts'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { cidrs, elements, ruleset } from './firewall-containers.ts'

await privateHost()
const total = 10_000

const attachment = (index: number): Attachment => ({
  network: 'many',
  containerID: `c${index}`,
  ifname: 'eth0',
})
const all = Array.from({ length: total }, (_, index) => attachment(index))
const [kept] = all as [Attachment]
const bytes = (index: number) => [index >> 8, index & 255] as const

test(`GC removes ${total} masqueraded containers and keeps a valid one; after that one, all chains and tables go`, async () => {
  for (const [index, each] of all.entries()) {
    const [high, low] = bytes(index)
    await addMasquerade(each, cidrs(`10.1.${high}.${low}/16`), 'nftables')
  }
  assert.is(elements('ip', 'masquerade-addresses').length, total)
  assert.is(await collectMasquerade('many', [kept]), total - 1)
  const comments = ['addresses', 'attachments'].flatMap((map) =>
    JSON.stringify(elements('ip', `masquerade-${map}`)).match(/many\/c\d+\/eth0/g),
  )
  assert.equal(comments, ['many/c0/eth0', 'many/c0/eth0'])
  assert.is(await collectMasquerade('many', []), 1)
  assert.equal(ruleset(), [])
})

test(`GC removes the ports of ${total} containers and keeps a valid one; after that one, all chains and tables go`, async () => {
  for (const [index, each] of all.entries()) {
    const [high, low] = bytes(index).map((byte) => byte.toString(16).padStart(2, '0'))
    await addMacSpoofCheck(each, hostIfname(each), `02:00:00:00:${high}:${low}`)
  }
  assert.is(elements('bridge', 'macspoofchk-ports').length, total)
  assert.is(await collectMacSpoofCheck('many', [kept]), total - 1)
  for (const name of ['ports', 'addresses', 'allowed'])
    assert.is(elements('bridge', `macspoofchk-${name}`).length, 1, name)
  assert.is(await collectMacSpoofCheck('many', []), 1)
  assert.equal(ruleset(), [])
})

test.run()
