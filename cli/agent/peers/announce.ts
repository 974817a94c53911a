/**
 * Gratuitous ARP does not cross the underlay when VTEPs answer for neighbours, and nothing does before a VTEP has its remotes. So the agent
 * announces an address that has a new MAC address to the containers of its own host.
 */

import { parseAddress } from '../../../shared/ip/address.ts'
import { parseMac } from '../../../shared/ip/mac.ts'
import { close as closeFd, type Fd } from '../../../shared/kernel/files.ts'
import { must, syscall } from '../../../shared/kernel/syscall.ts'
import { claimFrame } from '../../../shared/netlink/claim-frames.ts'
import { type Link, listPorts } from '../../../shared/netlink/link.ts'
import type { Socket } from '../../../shared/netlink/socket.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000

/** More frames at once are not sent: the kernel probes the entries of containers in a minute. */
const MOST = 5_000

export interface Announcer {
  /** To the ports of the VTEP's bridge, but not to the VTEP. A failure to send is ignored. */
  announce(vtep: Link, addresses: readonly (readonly [address: string, mac: string])[]): void
  close(): void
}

/** The socket is opened by the first announcement, in the namespace of the caller; it receives nothing. */
export function newAnnouncer(netlink: Socket): Announcer {
  let fd: Fd | undefined
  const send = (port: Link, frame: Buffer) => {
    fd ??= must('open a packet socket', 'socket', AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)
    const place = placeOf(port)
    syscall('sendto', fd, frame, frame.length, 0, place, place.length)
  }
  return {
    announce(vtep, addresses) {
      const frames = addresses.slice(0, MOST).flatMap(([address, mac]) => frameOf(address, mac) ?? [])
      if (frames.length === 0 || !vtep.master) return
      const ports = listPorts(netlink, { index: vtep.master, name: `interface ${vtep.master}` })
      const others = ports.filter(({ index }) => index !== vtep.index)
      if (others.length * frames.length > MOST) return
      for (const port of others) for (const frame of frames) send(port, frame)
    },
    close() {
      if (fd !== undefined) closeFd(fd)
      fd = undefined
    },
  }
}

/** struct sockaddr_ll, include/uapi/linux/if_packet.h. */
function placeOf({ index }: Link): Buffer {
  const place = Buffer.alloc(20)
  place.writeUInt16LE(AF_PACKET, 0)
  place.writeInt32LE(index, 4)
  return place
}

function frameOf(text: string, mac: string): Buffer | undefined {
  const [address, from] = [parseAddress(text), parseMac(mac)]
  return address && from && claimFrame(address, from)
}
