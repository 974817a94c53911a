/** Asks the machines on a link whether one has an address: RFC 5227 for IPv4, RFC 4862 for IPv6. */

import { type Address, formatAddress } from '../ip/address.ts'
import { formatMac } from '../ip/mac.ts'
import { close } from '../kernel/files.ts'
import type { LinkName } from './link.ts'
import { openPacketSocket, receiveFrames, sendFrame } from './packet.ts'
import { claimant, probeFrame } from './probe-frames.ts'

/** As many probes as RFC 5227 has, but at shorter intervals, because the runtime waits. */
const PROBES = 3
const INTERVAL_MILLISECONDS = 200

/** An address that another machine has. */
export interface Conflict {
  address: string
  mac: string
}

/** Probes for 0.6 s from a link of the current namespace, which is up. @param own the MAC address that is to have the addresses */
export function probeFrom(link: LinkName, addresses: readonly Address[], own: Buffer): Conflict | undefined {
  const socket = openPacketSocket(link)
  try {
    for (let probe = 0; probe < PROBES; probe++) {
      for (const address of addresses) sendFrame(socket, probeFrame(address, own))
      const conflict = receiveFrames(socket, INTERVAL_MILLISECONDS, (frame) =>
        conflictIn(frame, addresses, own),
      )
      if (conflict) return conflict
    }
    return undefined
  } finally {
    close(socket)
  }
}

function conflictIn(frame: Buffer, addresses: readonly Address[], own: Buffer): Conflict | undefined {
  for (const address of addresses) {
    const mac = claimant(frame, address, own)
    if (mac) return { address: formatAddress(address), mac: formatMac(mac) }
  }
  return undefined
}
