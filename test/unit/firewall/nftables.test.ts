/** Requests to nf_tables, each with its `nft` command, and keys as bytes. */

import * as assert from 'uvu/assert'
import { isUnsupported } from '../../../shared/firewall/unsupported.ts'
import { Errno, KernelError } from '../../../shared/kernel/errno.ts'
import { addChain, addRule, addTable, deleteRule, type Table } from '../../../shared/netlink/nftables.ts'
import { addElement, addSet, deleteElements, type NamedSet } from '../../../shared/netlink/nftables-sets.ts'
import {
  daddr,
  etherSaddr,
  goto,
  iifname,
  inSet,
  inSubnet,
  masquerade,
  saddr,
  verdictStatement,
  vmap,
} from '../../../shared/netlink/nftables-statements.ts'
import {
  concatenate,
  etherAddr,
  formatKey,
  ifname,
  ifnameBytes,
  ipv4Addr,
  keyId,
  keyLength,
  mark,
  markBytes,
} from '../../../shared/netlink/nftables-types.ts'
import { cidr } from '../../harness/address.ts'
import { test } from '../../harness/test.ts'

const table: Table = { family: 'ip', name: 't' }

test('the parts of a concatenated key are padded to 4 bytes, a single key is not', () => {
  assert.is(keyLength([ifname, mark]), 20)
  assert.is(keyLength([ifname, etherAddr]), 24)
  assert.is(keyLength([etherAddr]), 6)
  const mac = Buffer.from('020000000001', 'hex')
  assert.is(concatenate(ifnameBytes('eth0'), mac).length, 24)
  assert.is(concatenate(mac).length, 6)
})

test('a concatenation’s number has six bits for each of its types', () => {
  assert.is(keyId([ipv4Addr]), 7)
  assert.is(keyId([ifname, mark]), 0xa53)
})

test('a key is printed as nft prints it', () => {
  assert.is(formatKey([ifname, mark], concatenate(ifnameBytes('eth0'), markBytes(3))), '"eth0" . 3')
  assert.is(
    formatKey(
      [ifname, etherAddr],
      concatenate(ifnameBytes('fifteen-letters'), Buffer.from('020000000001', 'hex')),
    ),
    '"fifteen-letters" . 02:00:00:00:00:01',
  )
})

test('every request carries the nft command that does the same', () => {
  const map: NamedSet = { table, name: 'm', key: [ipv4Addr], value: 'verdict' }
  const record: NamedSet = { table, name: 'r', key: [ifname, mark], value: ipv4Addr }
  const address = Buffer.from([10, 1, 0, 2])
  const key = concatenate(ifnameBytes('eth0'), markBytes(0))
  const hook = { type: 'nat', hook: 'postrouting', priority: 100 } as const
  const requests = {
    'nft add table ip t': addTable(table),
    'nft add chain ip t c': addChain(table, 'c'),
    'nft add chain ip t c { type nat hook postrouting priority 100; }': addChain(table, 'c', hook),
    'nft add map ip t m { type ipv4_addr : verdict; }': addSet(map),
    'nft add map ip t r { type ifname . mark : ipv4_addr; }': addSet(record),
    'nft add set ip t s { type ipv4_addr; }': addSet({ table, name: 's', key: [ipv4Addr] }),
    'nft add element ip t m { 10.1.0.2 comment "a/b/c" : goto x }': addElement(map, {
      key: address,
      goto: 'x',
      comment: 'a/b/c',
    }),
    'nft add element ip t r { "eth0" . 0 : 10.1.0.2 }': addElement(record, { key, value: address }),
    'nft delete element ip t m { 10.1.0.2, 10.1.0.2 }': deleteElements(map, [
      { key: address, goto: 'x' },
      { key: address },
    ]),
    'nft add rule ip t c ip daddr 10.1.0.0/16 return': addRule(table, 'c', [
      inSubnet(daddr[4], cidr('10.1.0.0/16')),
      verdictStatement('return'),
    ]),
    'nft add rule ip t c ip6 saddr vmap @m': addRule(table, 'c', [vmap([saddr[6]], 'm')]),
    'nft add rule ip t c iifname . ether saddr @s drop': addRule(table, 'c', [
      inSet([iifname, etherSaddr], 's'),
      verdictStatement('drop'),
    ]),
    'nft add rule ip t c goto x': addRule(table, 'c', [goto('x')]),
    'nft add rule ip t c masquerade': addRule(table, 'c', [masquerade]),
    'nft delete rule ip t c handle 258': deleteRule(table, 'c', Buffer.from([0, 0, 0, 0, 0, 0, 1, 2])),
  }
  for (const [command, request] of Object.entries(requests)) assert.is(request.reproduce, command)
})

test('a missing kernel feature is distinguished from other errors', () => {
  assert.ok(isUnsupported(new KernelError(Errno.EOPNOTSUPP, 'nft add table')))
  assert.ok(isUnsupported(new KernelError(Errno.EPROTONOSUPPORT, 'open a netlink socket')))
  assert.not(isUnsupported(new KernelError(Errno.EPERM, 'nft add table')))
  assert.not(isUnsupported(new Error('ENOENT')))
})

test.run()
