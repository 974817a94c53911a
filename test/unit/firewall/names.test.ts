/** Names and comments: the owner of an element, and the chain names of subnets and of the reference. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { subnetChain } from '../../../shared/firewall/masquerade-frame.ts'
import {
  attachmentTag,
  chainName,
  networkTag,
  ruleComment,
} from '../../../shared/firewall/reference-names.ts'
import { owner, staleIn } from '../../../shared/firewall/table.ts'
import { type Cidr, formatCidr, parseCidr, subnetOf } from '../../../shared/ip/subnet.ts'
import { test } from '../../harness/test.ts'

/** Names as CNI allows them, often longer than a comment. */
const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, { maxLength: 200 })
const attachment = fc.record({
  network: name,
  containerID: name,
  ifname: fc.stringMatching(/^[a-z0-9]{1,15}$/),
})

test('an owner’s comment is the attachment in full where it fits', () => {
  assert.is(
    owner({ network: 'net', containerID: 'c'.repeat(64), ifname: 'eth0' }),
    `net/${'c'.repeat(64)}/eth0`,
  )
})

test('an owner’s comment is never longer than nft allows, and differs between attachments', () => {
  fc.assert(
    fc.property(attachment, attachment, (one, other) => {
      assert.ok(owner(one).length <= 128)
      const same =
        one.network === other.network && one.containerID === other.containerID && one.ifname === other.ifname
      assert.is(owner(one) === owner(other), same)
    }),
  )
})

test('GC treats an attachment as stale only in its own network, and only when it is not valid', () => {
  fc.assert(
    fc.property(attachment, name, (one, network) => {
      const element = { comment: owner(one) }
      assert.is(staleIn(one.network, [])(element), true)
      assert.is(staleIn(one.network, [one])(element), false)
      if (network !== one.network) assert.is(staleIn(network, [])(element), false)
    }),
  )
})

test('GC ignores elements without a comment', () => {
  assert.is(staleIn('net', [])({}), false)
})

test('a subnet’s chain has a name that nft can parse', () => {
  const chain = (text: string) => subnetChain(parseCidr(text) as Cidr)
  assert.is(chain('10.1.2.3/16'), 'masquerade-10.1.0.0/16')
  assert.is(chain('fd00:1::5/64'), 'masquerade-fd00_1__/64')
})

test('different subnets have different chains', () => {
  const cidr = fc.oneof(
    fc.record({
      address: fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n) }),
      prefix: fc.integer({ min: 0, max: 32 }),
    }),
    fc.record({
      address: fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n) }),
      prefix: fc.integer({ min: 0, max: 128 }),
    }),
  )
  fc.assert(
    fc.property(cidr, cidr, (one, other) => {
      const same = formatCidr(subnetOf(one)) === formatCidr(subnetOf(other))
      assert.is(subnetChain(one) === subnetChain(other), same)
    }),
  )
})

test('iptables chains have the reference’s names', () => {
  // From the reference's own tests, and from running it.
  assert.is(chainName({ network: 'test', containerID: '1234' }), 'CNI-2bbe0c48b91a7d1b8a6753a8')
  assert.is(chainName({ network: 'samp', containerID: 'cid1' }), 'CNI-db93c51d4f16e1eba1ae964d')
  assert.is(ruleComment({ network: 'samp', containerID: 'cid1' }), 'name: "samp" id: "cid1"')
})

test('comments of nftables begin as the reference’s', () => {
  // From running the reference.
  const attachment = { network: 'samp', containerID: 'cid1', ifname: 'eth0' }
  assert.is(attachmentTag(attachment), '3ddc37e7ceaf47b4-0b65a318f52e521b')
  assert.is(networkTag('samp'), '3ddc37e7ceaf47b4-')
})

test.run()
