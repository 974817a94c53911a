/** A real packet: what sends it from a namespace, and hears the answer. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { Errno, errnoName } from '../../shared/kernel/errno.ts'
import { close, type Fd } from '../../shared/kernel/files.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { must, syscall } from '../../shared/kernel/syscall.ts'
import { addressFamily } from '../../shared/netlink/address.ts'
import { sockaddr } from '../host/inet-socket.ts'
import { echoRequest, isReply, messageIn } from '../host/ping.ts'
import type { Netns } from './netns.ts'
import { type Packet, protocolNumber } from './packet.ts'

export interface Probe {
  /** The source port of TCP and UDP, the identifier of ICMP: what the rules of the trace compare. */
  number: number
  /** Sends the packet. @returns the kernel's refusal */
  send(): string | undefined
  /** `answered`: also a refusal by its destination. `failed`: an error from the way. */
  look(): 'answered' | 'failed' | undefined
  close(): void
}

const [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW] = [1, 2, 3]
/** SOCK_NONBLOCK and SOCK_CLOEXEC */
const FLAGS = 0o4000 | 0o2000000
const kinds = { tcp: SOCK_STREAM, udp: SOCK_DGRAM, icmp: SOCK_RAW } as const
/** What is read at once, at most: on a busy link there is always more, and the time must be looked at. */
export const mostAtOnce = 1000
/** Ports that the kernel chooses from by itself, ip_local_port_range. */
const [lowest, highest] = [32768, 60999]
const attempts = 20
/** Data of an echo request. */
const ECHO_BYTES = 8

/** @throws KernelError */
export function openProbe(netns: Netns, packet: Packet): Probe {
  const { family, protocol } = packet
  const number = protocol === 'icmp' ? protocolNumber(packet) : 0
  const fd = inNamespace(netns.namespace, () =>
    must(`open a socket in ${netns.title}`, 'socket', addressFamily(family), kinds[protocol] | FLAGS, number),
  )
  try {
    const bound = protocol === 'icmp' ? anyNumber() : bindSomewhere(fd, packet.source)
    if (protocol === 'icmp' && packet.source.value !== 0n)
      must(`use ${formatAddress(packet.source)}`, 'bind', fd, ...sized(packet.source))
    return { number: bound, close: () => close(fd), ...talk[protocol](fd, packet, bound) }
  } catch (error) {
    close(fd)
    throw error
  }
}

type Talk = Pick<Probe, 'send' | 'look'>

const talk: Readonly<Record<Packet['protocol'], (fd: Fd, packet: Packet, id: number) => Talk>> = {
  tcp: (fd, packet) => {
    const connect = () => syscall('connect', fd, ...target(packet))
    const refusals: number[] = [Errno.EINPROGRESS, Errno.ECONNREFUSED, Errno.EALREADY]
    return {
      send: () => refusal(connect(), refusals),
      // A second call tells how the first one ended.
      look: () => {
        const result = -connect()
        if (result === 0 || result === Errno.EISCONN || result === Errno.ECONNREFUSED) return 'answered'
        return result === Errno.EALREADY || result === Errno.EINPROGRESS ? undefined : 'failed'
      },
    }
  },
  udp: (fd, packet) => ({
    send: () => {
      const payload = Buffer.from('patchbay trace')
      const connected = syscall('connect', fd, ...target(packet))
      return refusal(connected < 0 ? connected : syscall('sendto', fd, payload, payload.length, 0, 0, 0))
    },
    look: () => lookFor(fd, () => true),
  }),
  icmp: (fd, packet, id) => ({
    send: () => {
      const request = echoRequest(packet.family, id, 1, ECHO_BYTES)
      return refusal(
        syscall('sendto', fd, request, request.length, 0, ...target({ ...packet, destinationPort: 0 })),
      )
    },
    look: () => lookFor(fd, (message) => isReply(messageIn(message, packet.family), id, packet.family)),
  }),
}

function refusal(result: number, fine: readonly number[] = []): string | undefined {
  return result >= 0 || fine.includes(-result) ? undefined : errnoName(-result)
}

function anyNumber(): number {
  return lowest + Math.floor(Math.random() * (highest - lowest))
}

/** A port that no other socket of the namespace has. */
function bindSomewhere(fd: Fd, source: Address): number {
  for (let attempt = 1; attempt < attempts; attempt++) {
    const port = anyNumber()
    if (syscall('bind', fd, ...sized(source, port)) === 0) return port
  }
  const port = anyNumber()
  must(`use ${formatAddress(source)} port ${port}`, 'bind', fd, ...sized(source, port))
  return port
}

function target({ destination, destinationPort = 0 }: Packet): [Buffer, number] {
  return sized(destination, destinationPort)
}

/** An address as system calls take it: with its length. */
function sized(address: Address, port = 0): [Buffer, number] {
  const bytes = sockaddr({ address, port })
  return [bytes, bytes.length]
}

/** Reads what has come. ECONNREFUSED: the destination says that nothing listens. */
function lookFor(fd: Fd, fits: (message: Buffer) => boolean): ReturnType<Probe['look']> {
  const buffer = Buffer.alloc(2048)
  for (let read = 0; read < mostAtOnce; read++) {
    const length = syscall('recvfrom', fd, buffer, buffer.length, 0, 0, 0)
    if (length === -Errno.EAGAIN) return undefined
    if (length === -Errno.ECONNREFUSED) return 'answered'
    if (length < 0) return 'failed'
    if (fits(buffer.subarray(0, length))) return 'answered'
  }
  return undefined
}
