/** CHECK of a bond's and a team's options: the error has the command that repairs it, where there is one. */

import { AttrStream } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { checkMemberOptions, checkOptions } from '../../../plugins/bond/options.ts'
import { checkOptions as checkTeamOptions } from '../../../plugins/bond/team/options.ts'
import { CniError } from '../../../shared/error/error.ts'
import { type BondOptions, bondKind } from '../../../shared/netlink/bond.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { test } from '../../harness/test.ts'

const place = { netns: '/run/netns/c' }
const inside = 'nsenter --net=/run/netns/c'

function linkNamed(name: string, data?: Buffer): Link {
  const states = { up: true, running: true, carrier: true, promisc: false }
  return { index: 7, name, mac: '02:00:00:00:00:01', mtu: 1500, data, flags: 0, group: 0, ...states }
}

function bondWith(options: BondOptions): Link {
  const stream = new AttrStream()
  stream.emit(bondKind(options).data ?? [])
  return linkNamed('eth0', Buffer.concat(stream.bufs))
}

function hintOf(action: () => void): string | undefined {
  try {
    action()
  } catch (error) {
    if (error instanceof CniError) return error.complaint.hint
    throw error
  }
  throw new Error('expected an error')
}

test('an option that a bond can change while it is up: the hint is the command', () => {
  const bond = bondWith({ mode: 'balance-xor', miimon: 50 })
  assert.is(
    hintOf(() => checkOptions(bond, { mode: 'balance-xor', miimon: 100 }, place)),
    `repair it: ${inside} ip link set dev eth0 type bond miimon 100`,
  )
})

test('an option that a bond cannot change while it is up: the hint is DEL and ADD', () => {
  const bond = bondWith({ mode: '802.3ad', lacpRate: 'slow' })
  const hint = hintOf(() => checkOptions(bond, { mode: '802.3ad', lacpRate: 'fast' }, place))
  assert.match(hint ?? '', 'run DEL and ADD again')
})

test('an option of a member: the hint is the command', () => {
  const config = { links: [{ name: 'net1', queueId: 3 }] } as Parameters<typeof checkMemberOptions>[1]
  assert.is(
    hintOf(() => checkMemberOptions([linkNamed('net1')], config, place)),
    `repair it: ${inside} ip link set dev net1 type bond_slave queue_id 3`,
  )
})

test('an option of a team’s member: the hint is the command, but not for the mode', () => {
  const option = { name: 'queue_id', value: 3, port: 8, portName: 'net1' }
  assert.is(
    hintOf(() => checkTeamOptions(linkNamed('eth0'), [option], [{ ...option, value: 0 }], place)),
    `repair it: ${inside} teamnl -p net1 -- eth0 setoption queue_id 3`,
  )
  const mode = { name: 'mode', value: 'random' }
  const hint = hintOf(() => checkTeamOptions(linkNamed('eth0'), [mode], [], place))
  assert.match(hint ?? '', 'run DEL and ADD again')
})

test.run()
