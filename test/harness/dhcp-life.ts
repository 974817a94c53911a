/** A segment with dnsmasq, and the life of an attachment on it: a lease, packets, CHECK, DEL, and neither server nor host has anything left. */

import * as assert from 'uvu/assert'
import { type Attached, attach, refused } from './attach.ts'
import type { Extras } from './cnitool.ts'
import { ip } from './command.ts'
import { type Dnsmasq, dnsmasqOn, relayOn } from './dhcp-dnsmasq.ts'
import { listenOn } from './dhcp-heard.ts'
import { join, type Segment, type Station, segment, station } from './dhcp-segment.ts'
import { unchanged } from './expect.ts'
import { type Netns, newContainer, setSysctl } from './host.ts'
import { addresses } from './look.ts'
import type { Configuration } from './plugin.ts'
import { snapshot } from './snapshot.ts'
import { test } from './test.ts'
import { pings } from './traffic.ts'
import { until } from './until.ts'

/** The server and router of the segment, and its range. */
export const router = '10.1.0.1'
const range = /^10\.1\.0\.1\d\d\/24$/

/** A segment behind eth0 with dnsmasq, which is the router, too, and gives an MTU of 1400 and itself as name server. */
export async function servedSegment(): Promise<{
  lan: Segment
  server: Dnsmasq
  ear: ReturnType<typeof listenOn>
}> {
  const lan = segment()
  const at = station(lan, 'server', `${router}/24`)
  const server = await dnsmasqOn(at, {
    ranges: ['10.1.0.100,10.1.0.199,2m'],
    options: { router, 26: '1400', 6: router },
  })
  return { lan, server, ear: listenOn(at) }
}

/** A segment behind eth1, 10.5.0.0/24, whose server is behind a router that relays, on a second segment. It gives 10.5.0.100 alone. */
export async function relayedSegment(): Promise<{ far: Station; server: Dnsmasq; end(): Promise<void> }> {
  const [clients, servers] = [segment('eth1'), segment('eth2')]
  const relay = station(clients, 'relay', '10.5.0.1/24')
  join(servers, relay, 'eth9', '10.6.0.1/24')
  setSysctl('net/ipv4/ip_forward', 1, relay.name)
  const far = station(servers, 'far', '10.6.0.2/24')
  ip('-n far route add default via 10.6.0.1')
  const server = await dnsmasqOn(far, {
    ranges: ['10.5.0.100,10.5.0.100,255.255.255.0,2m'],
    options: { router: '10.5.0.1' },
  })
  const between = await relayOn(relay, '10.5.0.1', '10.6.0.2')
  const end = async () => {
    for (const each of [between, server]) await each.end()
  }
  return { far, server, end }
}

interface Life extends Extras {
  container?: Netns
  /** The interface with the address. Default: the runtime's. */
  name?: string
  /** The router's answers are looked for from here. Default: the container, by its main routes. */
  pings?(container: Netns): boolean
  /** What is there while the container is attached. */
  look?(attached: Attached): void | Promise<void>
}

/** Attaches a container by these plugins, of which the first has dhcp. */
export async function lives(
  server: Dnsmasq,
  plugins: readonly Configuration[],
  { container = newContainer(), name, look, pings: reaches = reachesRouter, ...extras }: Life = {},
): Promise<void> {
  const before = snapshot()
  const net = { cniVersion: '1.1.0', name: 'lan', plugins: [...plugins] }
  const attached = await attach(net, { container, ...extras })
  const [address = ''] = addresses(name ?? extras.ifname ?? 'eth0', container)
  assert.match(address, range)
  assert.ok(attached.addresses.includes(address.replace('/24', '')))
  assert.ok(server.leases().some((lease) => address.startsWith(`${lease.address}/`)))
  assert.ok(reaches(container))
  await look?.(attached)
  await attached.check()
  await attached.del()
  await until('the server has the address back', () => server.leases().length === 0)
  unchanged(before)
}

function reachesRouter(container: Netns): boolean {
  return pings(container, router)
}

/** Tests that kinds of interfaces refuse dhcp: each with what the error says, and its own keys. */
export function testRefusedKinds(
  kinds: readonly (readonly [kind: string, says: string, keys: object])[],
): void {
  for (const [kind, says, keys] of kinds)
    test(`${kind} with dhcp is refused: ${says}`, async () => {
      const ipam = { type: 'dhcp' }
      const { code, said } = await refused({
        config: { name: 'lan', cniVersion: '1.0.0', type: kind, ...keys, ipam },
      })
      assert.is(code, 7)
      assert.ok(said.includes(says), said)
    })
}
