/** The netlink helpers of traffic control: tc shows what they make, and the commands in their errors make the same. */
// needs: link ifb, qdisc tbf, qdisc htb

import * as assert from 'uvu/assert'
import { isErrno } from '../../shared/kernel/errno.ts'
import { newRedirect, newSubnetFilter } from '../../shared/netlink/filter.ts'
import { listFilters } from '../../shared/netlink/filter-list.ts'
import { htb, listClasses, newClass } from '../../shared/netlink/htb.ts'
import type { Link } from '../../shared/netlink/link.ts'
import {
  findQdisc,
  hasQdisc,
  ingress,
  listQdiscs,
  newIngress,
  newQdisc,
  removeQdisc,
  removeQdiscIfThere,
} from '../../shared/netlink/qdisc.ts'
import { bfifo, limitOf } from '../../shared/netlink/queue.ts'
import { ask, openSocket, Protocol, type Request } from '../../shared/netlink/socket.ts'
import { parseTbf, tbf } from '../../shared/netlink/tbf.ts'
import { Parent, ticksOf } from '../../shared/netlink/traffic-control.ts'
import { cidr } from '../harness/address.ts'
import { command, ip } from '../harness/command.ts'
import { privateHost } from '../harness/host.ts'
import { tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'
import { linksOf } from './netlink-links.ts'

await privateHost()
ip('link add ours type ifb')
ip('link add theirs type ifb')
ip('link add target type ifb')
const socket = openSocket(Protocol.ROUTE)

const linkOf = linksOf(socket)

/** All that tc shows of a link. */
function shown(name: string): string {
  const parents = ['root', 'ingress', 'parent 1:']
  const filters = parents.map((parent) => tc(`filter show dev ${name} ${parent}`))
  return [tc(`-d qdisc show dev ${name}`), tc(`-d class show dev ${name}`), ...filters].join('\n')
}

/** Sends requests for one link, and runs their commands for another: tc shows the same of both. @returns what it shows */
function alike(requestsFor: (link: Link) => Request[]): string {
  for (const request of requestsFor(linkOf('ours'))) ask(socket, request)
  for (const { reproduce = '' } of requestsFor(linkOf('theirs'))) {
    const [file = '', ...args] = reproduce.split(' ')
    command(file, ...args)
  }
  const [ours, theirs] = [shown('ours'), shown('theirs')]
  // Each filter has an action of its own.
  const numberless = (text: string) => text.replace(/index \d+/g, 'index')
  assert.is(numberless(ours), numberless(theirs))
  return ours
}

function clear(...hooks: { parent: number; handle: number }[]): void {
  for (const name of ['ours', 'theirs'])
    for (const hook of hooks) removeQdiscIfThere(socket, linkOf(name), hook)
}

const root = { parent: Parent.ROOT, handle: 0x1_0000 }

test('tbf: rate, burst and limit, also of a rate beyond 32 bits', () => {
  const small = { rate: 1_250_000, burst: 100_000, limit: 131_250 }
  assert.match(
    alike((link) => [newQdisc(link, root, tbf(small))]),
    'rate 10Mbit burst 100000b',
  )
  const found = findQdisc(socket, linkOf('ours'), Parent.ROOT)
  assert.ok(found)
  assert.equal(parseTbf(found), { rate: 1_250_000, limit: 131_250, buffer: ticksOf(100_000, 1_250_000) })
  clear(root)
  const large = { rate: 10_000_000_000, burst: 105_000_000, limit: 355_000_000 }
  assert.match(
    alike((link) => [newQdisc(link, root, tbf(large))]),
    'rate 80Gbit',
  )
  clear(root)
})

test('a burst of more than 2^32 ns: a packet may be as large as the burst', () => {
  ask(socket, newQdisc(linkOf('ours'), root, tbf({ rate: 100, burst: 3036, limit: 10_000 })))
  const found = findQdisc(socket, linkOf('ours'), Parent.ROOT)
  assert.ok(found)
  const { buffer = 0 } = parseTbf(found) ?? {}
  assert.ok(Math.abs(buffer - ticksOf(3036, 100)) < 1000, `${buffer}`)
  clear(root)
})

test('htb: a class, its queue, and filters of both families, of all prefix lengths', () => {
  const classid = 0x1_0001
  const bucket = { rate: 1_250_000, burst: 15_140, quantum: 1500 }
  const subnets = ['10.1.2.3/8', '192.0.2.1/32', '0.0.0.0/0', 'fd00:1:2:3:4::/68', '2001:db8::1/128']
  const text = alike((link) => [
    newQdisc(link, root, htb(1)),
    newClass(link, { parent: root.handle, handle: classid }, bucket),
    newQdisc(link, { parent: classid, handle: 0x2_0000 }, bfifo(46_390)),
    ...subnets.map((subnet) =>
      newSubnetFilter(link, root.handle, { which: 'src', subnet: cidr(subnet), classid }),
    ),
    newSubnetFilter(link, root.handle, { which: 'dst', subnet: cidr('10.0.0.0/9'), classid: root.handle }),
  ])
  assert.match(text, 'rate 10Mbit ceil 10Mbit')
  const [ours] = listClasses(socket, linkOf('ours'))
  assert.equal(ours, {
    handle: classid,
    rate: 1_250_000,
    ceil: 1_250_000,
    buffer: ticksOf(15_140, 1_250_000),
  })
  const queue = findQdisc(socket, linkOf('ours'), classid)
  assert.is(queue && limitOf(queue), 46_390)
  // tc itself makes a filter without any comparison of this one.
  const all = newSubnetFilter(linkOf('ours'), root.handle, { which: 'src', subnet: cidr('::/0'), classid })
  ask(socket, all)
  const words = listFilters(socket, linkOf('ours'), root.handle).map((filter) => filter.words)
  assert.equal([...words].sort(), [
    'dst 10.0.0.0/9',
    'src 0.0.0.0/0',
    'src 10.0.0.0/8',
    'src 192.0.2.1/32',
    'src 2001:db8::1/128',
    'src ::/0',
    'src fd00:1:2:3::/68',
  ])
  clear(root)
})

test('ingress: all that a link receives goes to another', () => {
  const target = linkOf('target')
  const text = alike((link) => [newIngress(link), newRedirect(link, target)])
  assert.match(text, 'mirred (Egress Redirect to device target)')
  assert.equal(
    listFilters(socket, linkOf('ours'), ingress.handle).map((filter) => filter.target),
    [target.index],
  )
  const made = listQdiscs(socket).filter(({ kind }) => kind === 'ingress')
  assert.is(made.length, 2)
  clear(ingress)
})

test('a qdisc with another handle stays, and one that is missing is no error', () => {
  const [ours, other] = [linkOf('ours'), { ...root, handle: 0x9_0000 }]
  removeQdiscIfThere(socket, ours, root)
  assert.is(findQdisc(socket, ours, Parent.ROOT), undefined)
  ask(socket, newQdisc(ours, other, bfifo(5000)))
  removeQdiscIfThere(socket, ours, root)
  assert.is(findQdisc(socket, ours, Parent.ROOT)?.handle, other.handle)
  let refusal: unknown
  try {
    ask(socket, newQdisc(ours, root, bfifo(5000)))
  } catch (error) {
    refusal = error
  }
  assert.ok(isErrno(refusal, 'EEXIST'))
  ask(socket, removeQdisc(ours, other))
  assert.is(findQdisc(socket, ours, Parent.ROOT), undefined)
})

test('the kernel is asked for a kind of qdisc, and lo stays as it is', () => {
  const before = tc('qdisc show dev lo')
  assert.equal(
    [hasQdisc(socket, 'tbf'), hasQdisc(socket, 'htb'), hasQdisc(socket, 'nosuch')],
    [true, true, false],
  )
  assert.is(tc('qdisc show dev lo'), before)
})

test.run()
