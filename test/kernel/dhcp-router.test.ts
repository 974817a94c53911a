/** What is learned from a real router's advertisements: radvd's, across a cable. */
// needs: link veth
// packages: radvd

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { formatAddress } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { prepareForAdvertisements } from '../../shared/ipam/dhcp/v6/advertisements.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { endWatch, type Router, waitForRouter, watchRouters } from '../../shared/netlink/router.ts'
import { ask, closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { command, ip } from '../harness/command.ts'
import {
  type Netns,
  newContainer,
  privateHost,
  removeContainer,
  scratch,
  setSysctl,
} from '../harness/host.ts'
import { addresses, sysctl } from '../harness/look.ts'
import { within } from '../harness/netns.ts'
import { test } from '../harness/test.ts'

await privateHost()

/** Ends radvd, which has gone into the background. */
const stops: (() => void)[] = []

test.after.each(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A router in a namespace, with a cable to a container's eth0, which is down. @param interface radvd's section for the cable */
function cable(section?: string): Netns {
  const [router, container] = [newContainer(), newContainer()]
  ip(`-n ${router.name} link add lan type veth peer name eth0 netns ${container.name}`)
  setSysctl('net/ipv6/conf/lan/accept_dad', 0, router.name)
  setSysctl('net/ipv6/conf/all/forwarding', 1, router.name)
  ip(`-n ${router.name} link set lan address 02:00:5e:10:00:01 up`)
  if (section !== undefined) advertise(router, section)
  stops.push(() => {
    for (const one of [container, router]) removeContainer(one)
  })
  return container
}

function advertise({ name }: Netns, section: string): void {
  const [configuration, pid] = [`${scratch}/${name}.conf`, `${scratch}/${name}.pid`]
  writeFileSync(
    configuration,
    `interface lan { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; ${section} };\n`,
  )
  command('ip', 'netns', 'exec', name, 'radvd', '-C', configuration, '-p', pid, '-u', 'root')
  stops.push(() => command('pkill', '-F', pid))
}

function linkIn(): Link {
  const socket = openSocket(Protocol.ROUTE)
  try {
    const found = findLink(socket, 'eth0')
    if (!found) throw new Error('no eth0')
    return found
  } finally {
    closeSocket(socket)
  }
}

/** Brings eth0 up and waits for its router. */
function learn(
  container: Netns,
  settings: Parameters<typeof prepareForAdvertisements>[1],
  milliseconds = 20_000,
) {
  return within(container.name, () => {
    prepareForAdvertisements('eth0', settings)
    const watch = watchRouters(linkIn())
    try {
      ask(watch.questions, changeLink(watch.link, { up: true }))
      return shown(waitForRouter(watch, milliseconds))
    } finally {
      endWatch(watch)
    }
  })
}

function shown(router: Router | undefined) {
  if (!router) return undefined
  const { gateway, addresses, dns, ...rest } = router
  return {
    ...rest,
    gateway: gateway && formatAddress(gateway),
    addresses: addresses.map(formatCidr),
    dns: dns.map(formatAddress),
  }
}

const gateway = 'fe80::5eff:fe10:1'

test('gateway, address, DNS servers and search domains are learned from one advertisement', () => {
  const container = cable(
    'prefix 2001:db8:1::/64 {}; RDNSS 2001:db8::53 2001:db8::54 {}; DNSSL cluster.test example.test {};',
  )
  const router = learn(container, { autoconf: true, dad: false })
  assert.equal(router, {
    gateway,
    addresses: addresses('eth0', container).filter((text) => text.startsWith('2001:db8:1:')),
    managed: false,
    other: false,
    dns: ['2001:db8::53', '2001:db8::54'],
    search: ['cluster.test', 'example.test'],
  })
  assert.is(router?.addresses.length, 1)
})

test('with duplicate address detection an address is reported only when it can be used', () => {
  const container = cable('prefix 2001:db8:2::/64 {};')
  assert.is(learn(container, { autoconf: true, dad: true })?.addresses.length, 1)
  assert.not.match(ip(`-n ${container.name} -6 address show dev eth0 scope global`), 'tentative')
})

test('without autoconf there is no address, but the gateway, the subnet on the link and the flags for DHCPv6', () => {
  const container = cable('AdvManagedFlag on; AdvOtherConfigFlag on; prefix 2001:db8:3::/64 {};')
  const expected = { gateway, addresses: [], managed: true, other: true, dns: [], search: [] }
  assert.equal(learn(container, { autoconf: false, dad: false }), expected)
  assert.match(ip(`-n ${container.name} -6 route show dev eth0`), '2001:db8:3::/64')
})

test('a router that is no default router is known without a gateway', () => {
  const container = cable('AdvDefaultLifetime 0; AdvOtherConfigFlag on;')
  const { gateway, other } = learn(container, { autoconf: true, dad: false }) ?? {}
  assert.equal([gateway, other], [undefined, true])
})

test('a container that forwards learns its router, too', () => {
  const container = cable('prefix 2001:db8:5::/64 {};')
  setSysctl('net/ipv6/conf/all/forwarding', 1, container.name)
  assert.is(learn(container, { autoconf: true, dad: false })?.gateway, gateway)
  assert.is(sysctl('net/ipv6/conf/eth0/accept_ra', container), '2')
})

/** What a host may have as defaults for new links: nothing of advertisements is accepted, and there is no link-local address. */
const contrary = {
  disable_ipv6: 1,
  addr_gen_mode: 1,
  ...{ accept_ra: 0, accept_ra_defrtr: 0, accept_ra_pinfo: 0, autoconf: 0 },
  use_tempaddr: 2,
}

test('a link with contrary sysctls learns its router, and has no temporary address', () => {
  const container = cable('prefix 2001:db8:6::/64 {};')
  for (const [name, value] of Object.entries(contrary))
    setSysctl(`net/ipv6/conf/eth0/${name}`, value, container.name)
  const router = learn(container, { autoconf: true, dad: false })
  assert.equal([router?.gateway, router?.addresses.length], [gateway, 1])
})

test('without an advertisement there is no router when the time is over', () => {
  assert.is(learn(cable(), { autoconf: true, dad: false }, 100), undefined)
})

test.run()
