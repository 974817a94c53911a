/** A port of DHCPv4 for an interface that has its address: the kernel finds the way to the server, through a relay's router, too. */

import { type Address, formatAddress, toBytes } from '../../ip/address.ts'
import { bootClock, now, sleep } from '../../kernel/clock.ts'
import { close, type Fd } from '../../kernel/files.ts'
import { cstring, must } from '../../kernel/syscall.ts'
import type { LinkName } from '../../netlink/link.ts'
import { clientPort, serverPort } from './packet-port.ts'
import type { Port } from './port.ts'
import { nextDatagram } from './received.ts'

const [AF_INET, SOCK_DGRAM, SOCK_CLOEXEC] = [2, 2, 0o2000000]
const [SOL_SOCKET, SO_REUSEADDR, SO_BROADCAST, SO_BINDTODEVICE] = [1, 2, 6, 25]
/** TIOCOUTQ (include/uapi/asm-generic/ioctls.h): bytes that the socket has sent and the interface has not. */
const TIOCOUTQ = 0x5411
const everyHost: Address = { family: 4, value: 0xffffffffn }
const LONGEST = 2048

/** Opens one in the current namespace. @param address the interface's own @throws KernelError EADDRNOTAVAIL when it has not the address */
export function udpPort(link: LinkName, address: Address): Port {
  const fd = must('open a socket', 'socket', AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  try {
    bindTo(fd, link, address)
  } catch (error) {
    close(fd)
    throw error
  }
  const port: Port = {
    fd,
    send({ payload, to = everyHost }) {
      port.sentAt = bootClock()
      const place = socketAddress(to, serverPort)
      must(`send to ${formatAddress(to)}`, 'sendto', fd, payload, payload.length, 0, place, place.length)
    },
    read: () => nextDatagram(fd, LONGEST),
  }
  return port
}

function bindTo(fd: Fd, { name }: LinkName, address: Address): void {
  const on = Buffer.from([1, 0, 0, 0])
  must('share a port', 'setsockopt', fd, SOL_SOCKET, SO_REUSEADDR, on, on.length)
  must('send to all', 'setsockopt', fd, SOL_SOCKET, SO_BROADCAST, on, on.length)
  const device = cstring(name)
  must(`use ${name} alone`, 'setsockopt', fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length)
  const place = socketAddress(address, clientPort)
  must(`send from ${formatAddress(address)}`, 'bind', fd, place, place.length)
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
