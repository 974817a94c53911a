/** Clients that are not ours, for tests of the servers: busybox' udhcpc (`// packages: busybox`), and DHCPv6 byte by byte. */

import { existsSync, writeFileSync } from 'node:fs'
import type { Link } from '../../shared/netlink/link.ts'
import { openPacketSocket, sendFrame } from '../../shared/netlink/packet.ts'
import { encodeFrame } from './dhcp-frame.ts'
import type { Station } from './dhcp-segment.ts'
import { scratch } from './host.ts'
import { within } from './netns.ts'
import { runAlone } from './program.ts'

const script = `${scratch}/udhcpc`

/**
 * One lease by udhcpc, which is not put on the interface.
 * @param words its options: `-x hostname:a`
 * @returns what it found, by its names: ip, subnet, router, dns, mtu, lease; undefined without a lease within 40 seconds
 */
export function udhcpc({ name, ifname }: Station, ...words: string[]): Record<string, string> | undefined {
  if (!existsSync(script))
    writeFileSync(script, '#!/bin/sh\n[ "$1" != bound ] || exec env\n', { mode: 0o755 })
  const args = ['udhcpc', '-i', ifname, '-f', '-q', '-n', '-t', '4', '-T', '10', '-s', script, ...words]
  const { status, stdout } = within(name, () => runAlone('busybox', args))
  if (status !== 0) return undefined
  return Object.fromEntries(
    stdout.split('\n').map((line) => [line.split('=', 1)[0], line.replace(/^\w*=/, '')]),
  )
}

/** Sends a message of DHCPv6 to all servers. @param own the NIC's link-local address, to which they answer @param payload hexadecimal */
export function sendDhcp6({ name, ifname, index, mac }: Station, own: string, payload: string): void {
  const to = { mac: '33:33:00:01:00:02', address: 'ff02::1:2', port: 547 }
  const frame = encodeFrame({
    from: { mac, address: own, port: 546 },
    to,
    payload: Buffer.from(payload, 'hex'),
  })
  within(name, () => sendFrame(openPacketSocket({ name: ifname, index } as Link), frame))
}
