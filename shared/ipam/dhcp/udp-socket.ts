/** A socket of UDP that sends and receives by one interface alone, on the port of DHCP's clients, as a port. */

import { type Address, formatAddress } from '../../ip/address.ts'
import { bootClock } from '../../kernel/clock.ts'
import { close, type Fd } from '../../kernel/files.ts'
import { cstring, must } from '../../kernel/syscall.ts'
import type { LinkName } from '../../netlink/link.ts'
import type { Port } from './port.ts'
import { nextDatagram } from './received.ts'

const [SOCK_DGRAM, SOCK_CLOEXEC] = [2, 0o2000000]
const [SOL_SOCKET, SO_REUSEADDR, SO_BINDTODEVICE] = [1, 2, 25]
const LONGEST = 4096

/** What differs between the families. */
export interface Ends {
  /** The client's address and port, a struct sockaddr, which begins with the family. */
  own: Buffer
  /** Where a datagram without an address goes. */
  everyone: Address
  /** The servers' port at an address, as a struct sockaddr. */
  at(address: Address): Buffer
  /** An option that the family needs: its level and its number, which is set to 1. */
  option: readonly [level: number, name: number]
}

/** Opens one in the current namespace. @throws KernelError EADDRNOTAVAIL when no interface has the client's address */
export function udpSocketPort(link: LinkName, ends: Ends): Port {
  const { own, everyone, at } = ends
  const fd = must('open a socket', 'socket', own.readUInt16LE(0), SOCK_DGRAM | SOCK_CLOEXEC, 0)
  try {
    bindTo(fd, link, ends)
  } catch (error) {
    close(fd)
    throw error
  }
  const port: Port = {
    fd,
    send({ payload, to = everyone }) {
      port.sentAt = bootClock()
      const place = at(to)
      must(`send to ${formatAddress(to)}`, 'sendto', fd, payload, payload.length, 0, place, place.length)
    },
    read: () => nextDatagram(fd, LONGEST),
  }
  return port
}

function bindTo(fd: Fd, { name }: LinkName, { own, option: [level, option] }: Ends): void {
  const on = Buffer.from([1, 0, 0, 0])
  must('share a port', 'setsockopt', fd, SOL_SOCKET, SO_REUSEADDR, on, on.length)
  must('set up a socket', 'setsockopt', fd, level, option, on, on.length)
  const device = cstring(name)
  must(`use ${name} alone`, 'setsockopt', fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length)
  must(`take the port of DHCP's clients on ${name}`, 'bind', fd, own, own.length)
}
