/** hostAccess: the routes and neighbours by which a host and a container reach each other. */

import * as assert from 'uvu/assert'
import { type Ends, planHostAccess } from '../../../shared/host/access-plan.ts'
import { type Address, formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import { type Cidr, formatCidr, parseCidr } from '../../../shared/ip/subnet.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { test } from '../../harness/test.ts'

const shim = { index: 7, name: 'shim0', mac: '02:00:00:00:00:07', mtu: 1500 } as Link
const link = { index: 2, name: 'eth0', mac: '02:00:00:00:00:02', mtu: 1500 } as Link

function plan(containers: string[], hosts: string[], more: Partial<Ends> = {}) {
  return planHostAccess({
    shim,
    link,
    containers: containers.map((text) => parseCidr(text) as Cidr),
    hosts: hosts.map((text) => parseAddress(text) as Address),
    neighbours: true,
    ...more,
  })
}

type Half = ReturnType<typeof plan>['onHost']

function routes({ routes }: Half): string[] {
  return routes.map(({ dst, linkName, source }) => {
    return `${formatCidr(dst)} dev ${linkName}${source ? ` src ${formatAddress(source)}` : ''}`
  })
}

function neighbours({ neighbours }: Half): string[] {
  return neighbours.map(({ address, mac }) => `${formatAddress(address)} ${mac}`)
}

test('the host has a route to each address, with its own address of that family as the source', () => {
  const { onHost } = plan(['10.1.0.5/24', 'fd00::5/64'], ['10.1.0.1', 'fd00::1'])
  assert.equal(routes(onHost), ['10.1.0.5/32 dev shim0 src 10.1.0.1', 'fd00::5/128 dev shim0 src fd00::1'])
  assert.equal(neighbours(onHost), [`10.1.0.5 ${link.mac}`, `fd00::5 ${link.mac}`])
})

test('the container has a neighbour entry for the host, and needs no route within its subnet', () => {
  const { inContainer } = plan(['10.1.0.5/24'], ['10.1.0.1'])
  assert.equal(routes(inContainer), [])
  assert.equal(neighbours(inContainer), [`10.1.0.1 ${shim.mac}`])
})

test('the container has a route to a host outside its subnets', () => {
  const { inContainer } = plan(['10.1.0.5/24', '10.2.0.5/24'], ['192.0.2.1'])
  assert.equal(routes(inContainer), ['192.0.2.1/32 dev eth0'])
})

test('a family without an address of the host gets no routes', () => {
  const { onHost, inContainer } = plan(['10.1.0.5/24', 'fd00::5/64'], ['10.1.0.1'])
  assert.equal(routes(onHost), ['10.1.0.5/32 dev shim0 src 10.1.0.1'])
  assert.equal(neighbours(onHost), [`10.1.0.5 ${link.mac}`])
  assert.equal(neighbours(inContainer), [`10.1.0.1 ${shim.mac}`])
})

test('a smaller MTU of the container is set on the host’s route', () => {
  const mtuOf = (mtu: number) =>
    plan(['10.1.0.5/24'], ['10.1.0.1'], { link: { ...link, mtu } }).onHost.routes[0]?.mtu
  assert.equal([mtuOf(1400), mtuOf(1500), mtuOf(9000)], [1400, undefined, undefined])
})

test('without ARP there are no neighbour entries', () => {
  const { onHost, inContainer } = plan(['10.1.0.5/24'], ['10.9.0.1'], { neighbours: false })
  assert.equal([neighbours(onHost), neighbours(inContainer)], [[], []])
  assert.equal(routes(inContainer), ['10.9.0.1/32 dev eth0'])
})

test.run()
