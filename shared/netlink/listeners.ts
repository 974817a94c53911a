/** Which sockets of the host listen on ports: inet_diag (include/uapi/linux/inet_diag.h), as `ss` asks it. */

import type { StreamData } from 'netlink/dist/structs.js'
import { type Address, fromBytes, sameAddress } from '../ip/address.ts'
import { isErrno } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import { attributeIn } from './attributes.ts'
import { dump, type Reply, type Socket } from './socket.ts'

const SOCK_DIAG_BY_FAMILY = 20
const INET_DIAG_REQ_BYTECODE = 1
const INET_DIAG_SKV6ONLY = 11
/** Operations of the filter's code. Each has 4 bytes: code, where to go on if it is true, and if it is false. */
const Op = { JMP: 1, S_GE: 2, S_LE: 3 } as const
/** Lengths: struct inet_diag_req_v2, and struct inet_diag_msg before its attributes. */
const [REQUEST, MESSAGE] = [56, 72] as const
/** Where the message has what is read here: port, address, owner, inode. */
const At = { PORT: 4, SOURCE: 8, UID: 64, INODE: 68 } as const

/** Protocols, and the states of a socket that is open to all: TCP_LISTEN, and TCP_CLOSE for UDP without a peer (include/net/tcp_states.h). */
const protocols = { tcp: { number: 6, state: 10 }, udp: { number: 17, state: 7 } } as const

export interface Listener {
  protocol: keyof typeof protocols
  port: number
  /** The unspecified address, when it listens on all. */
  address: Address
  /** An IPv6 socket that takes IPv4 as well. */
  isDual: boolean
  /** The user who opened it. */
  uid: number
  /** By which the process is found: `socket:[INODE]` in /proc/PID/fd. */
  inode: number
}

/**
 * The sockets that listen on any of the ports, of both families. The kernel filters them, by a request for each family. Equivalent to
 * `ss -Hlne 'sport = :80'` with `-t` or `-u`.
 * @param socket of the protocol SOCK_DIAG, in the namespace that is asked for
 * @returns undefined when the kernel has no inet_diag
 * @throws KernelError
 */
export function findListeners(
  socket: Socket,
  protocol: Listener['protocol'],
  ports: number[],
): Listener[] | undefined {
  if (ports.length === 0) return []
  const wanted = new Set(ports)
  try {
    return ([4, 6] as const)
      .flatMap((family) => dump(socket, question(family, protocol, ports)))
      .map((reply) => toListener(protocol, reply))
      .filter(({ port }) => wanted.has(port))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL', 'EOPNOTSUPP')) return undefined
    throw error
  }
}

/** Whether a listener would get what is sent to an address; without one, to any address of the family. */
export function hears({ address: own, isDual }: Listener, family: 4 | 6, address?: Address): boolean {
  if (isDual && family === 4) return true
  if (own.family !== family) return false
  const isAll = (one: Address | undefined) => one === undefined || one.value === 0n
  return isAll(own) || isAll(address) || sameAddress(own, address as Address)
}

function question(family: 4 | 6, protocol: Listener['protocol'], ports: number[]) {
  const words = `ss -Hlne -${family} -${protocol[0]} '${ports.map((port) => `sport = :${port}`).join(' or ')}'`
  const payload: StreamData = (out) => {
    out.emit(header(family, protocol))
    out.push(INET_DIAG_REQ_BYTECODE, program(rangesOf(ports)))
  }
  return {
    type: SOCK_DIAG_BY_FAMILY,
    payload,
    attempt: `look for sockets that listen on ports of ${protocol}`,
    see: words,
  }
}

/** struct inet_diag_req_v2: family, protocol, states as a bit mask; the identity of a socket stays zero. */
function header(family: 4 | 6, protocol: Listener['protocol']): Buffer {
  const bytes = Buffer.alloc(REQUEST)
  bytes.writeUInt8(addressFamily(family), 0)
  bytes.writeUInt8(protocols[protocol].number, 1)
  bytes.writeUInt32LE(1 << protocols[protocol].state, 4)
  return bytes
}

/** A distance in the filter's code has 16 bits: of more ranges, all ports between the first and the last are asked for. */
const mostRanges = 3000

/** Ports that follow each other, as pairs of the first and the last. */
function rangesOf(ports: number[]): [first: number, last: number][] {
  const ranges: [number, number][] = []
  for (const port of [...new Set(ports)].sort((one, other) => one - other)) {
    const last = ranges.at(-1)
    if (last?.[1] === port - 1) last[1] = port
    else ranges.push([port, port])
  }
  const [lowest, highest] = [ranges[0]?.[0] ?? 0, ranges.at(-1)?.[1] ?? 0]
  return ranges.length > mostRanges ? [[lowest, highest]] : ranges
}

/** Bytes of a range's code: two comparisons, each with its port, and the jump to the end. */
const RANGE = 20

/**
 * The filter's code: a socket passes that reaches its end exactly. A range that does not fit leads to the next one; of the last, 4 bytes
 * behind the end, where a socket is left out (inet_diag_bc_run, net/ipv4/inet_diag.c).
 */
export function program(ranges: [first: number, last: number][]): Buffer {
  const code = Buffer.alloc(RANGE * ranges.length)
  for (const [index, [first, last]] of ranges.entries()) {
    const at = index * RANGE
    const isLast = index === ranges.length - 1
    const next = RANGE + (isLast ? 4 : 0)
    operation(code, at, Op.S_GE, 8, next)
    code.writeUInt16LE(first, at + 6)
    operation(code, at + 8, Op.S_LE, 8, next - 8)
    code.writeUInt16LE(last, at + 14)
    operation(code, at + 16, Op.JMP, 4, code.length - at - 16)
  }
  return code
}

/** struct inet_diag_bc_op. @param no the distance to where it goes on if it is false */
function operation(code: Buffer, at: number, op: number, yes: number, no: number): void {
  code.writeUInt8(op, at)
  code.writeUInt8(yes, at + 1)
  code.writeUInt16LE(no, at + 2)
}

function toListener(protocol: Listener['protocol'], { data }: Reply): Listener {
  const isIPv4 = data.readUInt8(0) === addressFamily(4)
  const address = fromBytes(data.subarray(At.SOURCE, At.SOURCE + (isIPv4 ? 4 : 16)))
  const isOnly = attributeIn(data, INET_DIAG_SKV6ONLY, MESSAGE)?.readUInt8(0) === 1
  return {
    protocol,
    port: data.readUInt16BE(At.PORT),
    address: plainAddress(address),
    isDual: !isIPv4 && address.value === 0n && !isOnly,
    uid: data.readUInt32LE(At.UID),
    inode: data.readUInt32LE(At.INODE),
  }
}

/** An IPv6 socket may listen on an IPv4 address: ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2). */
function plainAddress({ family, value }: Address): Address {
  return family === 6 && value >> 32n === 0xffffn
    ? { family: 4, value: value & 0xffffffffn }
    : { family, value }
}
