/** A port of DHCPv4 for an interface that has its address: the kernel finds the way to the server, through a relay's router, too. */

import { type Address, toBytes } from '../../ip/address.ts'
import { now, sleep } from '../../kernel/clock.ts'
import type { Fd } from '../../kernel/files.ts'
import { must } from '../../kernel/syscall.ts'
import type { LinkName } from '../../netlink/link.ts'
import { clientPort, everyHost, serverPort } from './packet-port.ts'
import type { Port } from './port.ts'
import { udpSocketPort } from './udp-socket.ts'

const [AF_INET, SOL_SOCKET, SO_BROADCAST] = [2, 1, 6]
/** TIOCOUTQ (include/uapi/asm-generic/ioctls.h): bytes that the socket has sent and the interface has not. */
const TIOCOUTQ = 0x5411

/** Opens one in the current namespace. @param address the interface's own @throws KernelError EADDRNOTAVAIL when it has not the address */
export function udpPort(link: LinkName, address: Address): Port {
  return udpSocketPort(link, {
    own: socketAddress(address, clientPort),
    everyone: everyHost,
    at: (to) => socketAddress(to, serverPort),
    option: [SOL_SOCKET, SO_BROADCAST],
  })
}

/** struct sockaddr_in, include/uapi/linux/in.h. */
function socketAddress(address: Address, port: number): Buffer {
  const place = Buffer.alloc(16)
  place.writeUInt16LE(AF_INET, 0)
  place.writeUInt16BE(port, 2)
  place.set(toBytes(address), 4)
  return place
}

const LONGEST_PAUSE = 16

/** Waits until what was sent has left the interface, for which the kernel may have to find the server's MAC address first. @returns whether it has */
export function waitUntilSent({ fd }: Port, milliseconds: number): boolean {
  const end = now() + milliseconds
  for (let pause = 1; unsent(fd) > 0; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (now() >= end) return false
    sleep(pause)
  }
  return true
}

function unsent(fd: Fd): number {
  const bytes = Buffer.alloc(4)
  must('ask what is not sent yet', 'ioctl', fd, TIOCOUTQ, bytes)
  return bytes.readInt32LE(0)
}
