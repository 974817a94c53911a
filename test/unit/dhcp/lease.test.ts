/** What of an ACK becomes a lease, and what is refused or left out. */

import * as assert from 'uvu/assert'
import type { Lease4 } from '../../../shared/dhcp/lease.ts'
import { asking } from '../../../shared/dhcp/v4/client.ts'
import { leaseOf } from '../../../shared/dhcp/v4/lease.ts'
import type { OptionName } from '../../../shared/dhcp/v4/options.ts'
import { test } from '../../harness/test.ts'
import { addresses, answerTo, client, longOf } from './messages.ts'

const asked = asking(client(), 'REQUEST', { xid: 7 })

type Values = Partial<Record<OptionName, Buffer>>

/** What an ACK for 10.0.0.9/24 with these options comes to. */
function ack(options: Values, yiaddr = '10.0.0.9', server = '10.0.0.1') {
  return leaseOf(answerTo(asked, { type: 'ACK', yiaddr, server, options }))
}

function leased(options: Values, yiaddr?: string): Lease4 & { warnings: string[] } {
  const answer = ack(options, yiaddr)
  if (typeof answer === 'string') throw new Error(answer)
  return { ...answer.lease, warnings: answer.warnings }
}

const number2 = (value: number) => Buffer.from([value >> 8, value & 255])
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('all that a lease has', () => {
  const options: Values = {
    routers: addresses('10.0.0.1', '10.0.0.2'),
    'domain-name-servers': addresses('10.0.0.53', '192.0.2.53'),
    'domain-name': Buffer.from('example.com'),
    'domain-search': hex('0161 00 0162 00'),
    'interface-mtu': number2(1400),
    'dhcp-renewal-time': longOf(100),
    'dhcp-rebinding-time': longOf(200),
  }
  assert.equal(ack(options), {
    lease: {
      address: '10.0.0.9/24',
      server: '10.0.0.1',
      gateway: '10.0.0.1',
      routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }],
      dns: { nameservers: ['10.0.0.53', '192.0.2.53'], domain: 'example.com', search: ['a', 'b'] },
      mtu: 1400,
      renew: 100,
      rebind: 200,
      expire: 3600,
    },
    warnings: [],
  })
})

test('an ACK without a mask is refused in the words of the reference', () => {
  const message = answerTo(asked, { type: 'ACK' })
  message.options.delete(1)
  assert.is(leaseOf(message), 'DHCP option Subnet Mask is missing in DHCPACK')
})

test('an ACK without a server that can be asked again is refused', () => {
  for (const server of ['', '0.0.0.0', '255.255.255.255', '224.0.0.1', '127.0.0.1'])
    assert.match(ack({}, '10.0.0.9', server) as string, 'names no server')
})

test('an address that no host can have is refused', () => {
  const why = {
    '0.0.0.0': 'the unspecified address',
    '127.0.0.5': 'a loopback address',
    '239.1.2.3': 'a multicast address',
    '255.255.255.255': 'the broadcast address',
    '10.0.0.0': 'the network address of its subnet',
    '10.0.0.255': 'the broadcast address of its subnet',
  }
  for (const [address, words] of Object.entries(why)) assert.is(ack({}, address), `${address} is ${words}`)
})

test('masks: /1 to /32 are taken; /0 and bits that are not the first ones are refused', () => {
  const prefix = (mask: string) => {
    const answer = ack({ 'subnet-mask': addresses(mask) })
    return typeof answer === 'string' ? answer : answer.lease.address
  }
  assert.is(prefix('255.255.255.255'), '10.0.0.9/32')
  assert.is(prefix('255.255.255.254'), '10.0.0.9/31')
  assert.is(prefix('128.0.0.0'), '10.0.0.9/1')
  for (const mask of ['0.0.0.0', '255.0.255.0', '0.255.255.255', '255.255.255.1'])
    assert.is(prefix(mask), `${mask} is no mask of a subnet (option 1)`)
})

test('the gateway is the first router that can be one', () => {
  const routers = addresses(
    '0.0.0.0',
    '224.0.0.1',
    '10.0.0.9',
    '10.0.0.255',
    '127.0.0.1',
    '10.0.0.2',
    '10.0.0.3',
  )
  const lease = leased({ routers })
  assert.is(lease.gateway, '10.0.0.2')
  assert.equal(lease.routes, [{ dst: '0.0.0.0/0', gw: '10.0.0.2' }])
  assert.equal(lease.warnings, [])
})

test('when no router can be one there is no gateway, and a warning', () => {
  const lease = leased({ routers: addresses('10.0.0.9') })
  assert.is(lease.gateway, undefined)
  assert.equal(lease.routes, [])
  assert.equal(lease.warnings, [
    'the route to 0.0.0.0/0 is ignored: its router 10.0.0.9 is the address itself',
  ])
})

test('a router outside the subnet is kept, with a route to itself before the default route', () => {
  const lease = leased({ 'subnet-mask': addresses('255.255.255.255'), routers: addresses('172.31.1.1') })
  assert.is(lease.gateway, '172.31.1.1')
  assert.equal(lease.routes, [{ dst: '172.31.1.1/32' }, { dst: '0.0.0.0/0', gw: '172.31.1.1' }])
})

test('classless routes replace routers and static routes (RFC 3442)', () => {
  const options: Values = {
    routers: addresses('10.0.0.1'),
    'static-routes': addresses('192.168.7.0', '10.0.0.1'),
    'classless-static-routes': hex('10 ac10 0a000002'),
  }
  const lease = leased(options)
  assert.is(lease.gateway, undefined)
  assert.equal(lease.routes, [{ dst: '172.16.0.0/16', gw: '10.0.0.2' }])
})

test('the gateway is that of a classless default route', () => {
  const lease = leased({ routers: addresses('10.0.0.1'), 'classless-static-routes': hex('00 0a000003') })
  assert.is(lease.gateway, '10.0.0.3')
  assert.equal(lease.routes, [{ dst: '0.0.0.0/0', gw: '10.0.0.3' }])
})

test('static routes are beside the router', () => {
  const lease = leased({
    routers: addresses('10.0.0.1'),
    'static-routes': addresses('192.168.7.0', '10.0.0.2'),
  })
  assert.equal(lease.routes, [
    { dst: '192.168.7.0/24', gw: '10.0.0.2' },
    { dst: '0.0.0.0/0', gw: '10.0.0.1' },
  ])
})

test('classless routes that are malformed are ignored with a warning, and the router counts', () => {
  const lease = leased({ routers: addresses('10.0.0.1'), 'classless-static-routes': hex('21 00') })
  assert.is(lease.gateway, '10.0.0.1')
  assert.equal(lease.warnings, ['option 121 (classless-static-routes) is malformed, so it is ignored'])
})

test('routes on the link come before those that need them; a router on such a route needs none of its own', () => {
  const routes = hex('00 ac1f0101  18 ac1f01 00000000  10 ac10 ac1f0101')
  assert.equal(leased({ 'classless-static-routes': routes }).routes, [
    { dst: '172.31.1.0/24' },
    { dst: '0.0.0.0/0', gw: '172.31.1.1' },
    { dst: '172.16.0.0/16', gw: '172.31.1.1' },
  ])
})

test('a route is given once, and none to the own subnet, which the kernel makes', () => {
  const routes = hex('18 0a0000 00000000  10 ac10 0a000001  10 ac10 0a000002')
  assert.equal(leased({ 'classless-static-routes': routes }).routes, [
    { dst: '172.16.0.0/16', gw: '10.0.0.1' },
  ])
})

test('no more than 256 routes are taken, those of far routers included', () => {
  const many = (router: (at: number) => string) =>
    Buffer.concat(
      Array.from({ length: 300 }, (_, at) => hex(`20 ac10${number2(at).toString('hex')} ${router(at)}`)),
    )
  const near = leased({ 'classless-static-routes': many(() => '0a000001') })
  const far = leased({ 'classless-static-routes': many((at) => `ac20${number2(at).toString('hex')}`) })
  for (const { routes, warnings } of [near, far]) {
    assert.is(routes.length, 256)
    assert.equal(warnings, ['routes after the first 256 are ignored'])
  }
})

test('an MTU below 576 is ignored with a warning', () => {
  assert.is(leased({ 'interface-mtu': number2(576) }).mtu, 576)
  const lease = leased({ 'interface-mtu': number2(68) })
  assert.is(lease.mtu, undefined)
  assert.equal(lease.warnings, ['an MTU of 68 is ignored: it is less than 576'])
})

test('times: half and seven eighths where the server says nothing (RFC 2131 section 4.4.5)', () => {
  const times = (options: Values) => {
    const { renew, rebind, expire } = leased(options)
    return [renew, rebind, expire]
  }
  assert.equal(times({ 'dhcp-lease-time': longOf(800) }), [400, 700, 800])
  const given = (renew: number, rebind: number) =>
    times({
      'dhcp-lease-time': longOf(800),
      'dhcp-renewal-time': longOf(renew),
      'dhcp-rebinding-time': longOf(rebind),
    })
  assert.equal(given(10, 20), [10, 20, 800])
  for (const [renew, rebind] of [
    [0, 20],
    [20, 20],
    [30, 20],
    [10, 800],
    [0xffffffff, 0xffffffff],
  ] as const)
    assert.equal(given(renew, rebind), [400, 700, 800], `${renew} ${rebind}`)
  assert.equal(times({ 'dhcp-lease-time': longOf(800), 'dhcp-renewal-time': longOf(750) }), [750, 775, 800])
})

test('a lease of 0 seconds is refused, one without end has no times, and without a time it is an hour', () => {
  assert.is(ack({ 'dhcp-lease-time': longOf(0) }), 'it is for 0 seconds')
  const { renew, rebind, expire } = leased({ 'dhcp-lease-time': longOf(0xffffffff) })
  assert.equal([renew, rebind, expire], [undefined, undefined, undefined])
  const message = answerTo(asked, { type: 'ACK' })
  message.options.delete(51)
  const answer = leaseOf(message)
  assert.is(typeof answer === 'object' && answer.lease.expire, 3600)
})

test('name servers are hosts, and at most eight', () => {
  const hosts = Array.from({ length: 12 }, (_, at) => `192.0.2.${at + 1}`)
  const lease = leased({ 'domain-name-servers': addresses('0.0.0.0', '127.0.0.53', '224.0.0.251', ...hosts) })
  assert.equal(lease.dns, { nameservers: hosts.slice(0, 8) })
})

test('a domain that would write into resolv.conf is left out, with a warning', () => {
  const lease = leased({ 'domain-name': Buffer.from('a\nnameserver 192.0.2.66') })
  assert.equal(lease.dns, {})
  assert.equal(lease.warnings, ['option 15 (domain-name) is malformed, so it is ignored'])
})

test.run()
