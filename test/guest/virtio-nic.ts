/**
 * A virtio NIC for a guest, over vhost-user (docs/interop/vhost-user.rst of QEMU): hardware to the guest's kernel. Called with
 * the path of its socket and, to be one half of a net_failover set, whose master that kernel creates, `standby`. It answers
 * requests and never sends a frame. A separate program that waits in system calls, because Node would drop the
 * descriptors that the guest sends with its requests, and then the guest's connection.
 */

import { syscall } from '../../engine/node/engine.ts'

/** Numbers of arch/x86/entry/syscalls/syscall_64.tbl: the guest runs there only. */
const call = { write: 1, socket: 41, accept: 43, recvmsg: 47, bind: 49, listen: 50 } as const
const [AF_UNIX, SOCK_STREAM] = [1, 1] as const

/** Requests. */
const GET_FEATURES = 1
const GET_PROTOCOL_FEATURES = 15
const GET_CONFIG = 24

const [path = '', role] = process.argv.slice(2)

const VIRTIO_NET_F_STANDBY = 62
/** VIRTIO_NET_F_MAC, VHOST_USER_F_PROTOCOL_FEATURES, VIRTIO_F_VERSION_1. */
const features = bits(5, 30, 32, ...(role === 'standby' ? [VIRTIO_NET_F_STANDBY] : []))
/** SLAVE_REQ, without which the guest has no interrupt; CONFIG, for the MAC address. */
const protocolFeatures = bits(5, 9)

/** VHOST_USER_VERSION and VHOST_USER_FLAG_REPLY. */
const replyFlags = 5
const headerLength = 12

/** struct virtio_net_config, include/uapi/linux/virtio_net.h: MAC address, then the state of the link. */
const config = Buffer.concat([Buffer.from('02000000004200', 'hex'), Buffer.alloc(249)])

function bits(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(numbers.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n))
  return bytes
}

function words32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index)
  return bytes
}

function words64(...values: bigint[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length)
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(value, 8 * index)
  return bytes
}

/** The answer to a request; undefined for a request without one. */
function answer(request: number, payload: Buffer): Buffer | undefined {
  if (request === GET_FEATURES) return features
  if (request === GET_PROTOCOL_FEATURES) return protocolFeatures
  if (request !== GET_CONFIG) return undefined
  // struct vhost_user_config: offset, size, flags, and the bytes themselves.
  const [offset, size] = [payload.readUInt32LE(0), payload.readUInt32LE(4)]
  return Buffer.concat([payload.subarray(0, 12), config.subarray(offset, offset + size)])
}

/** The address of a buffer, to be stored in another buffer. */
const { getRawPointer: pointer } = process.getBuiltinModule('node:ffi') as unknown as {
  getRawPointer(data: Uint8Array): bigint
}

/** Reads some bytes; descriptors sent with them stay open, which is all that the guest needs. */
function receive(fd: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  const control = Buffer.alloc(256)
  const iov = words64(pointer(bytes), BigInt(length))
  // struct msghdr: name and its length, iov and how many, control and its length, flags.
  const message = words64(0n, 0n, pointer(iov), 1n, pointer(control), BigInt(control.length), 0n)
  return syscall(call.recvmsg, fd, message, 0) === length ? bytes : undefined
}

function serve(fd: number): void {
  for (let header = receive(fd, headerLength); header; header = receive(fd, headerLength)) {
    const [request, size] = [header.readUInt32LE(0), header.readUInt32LE(8)]
    const payload = size > 0 ? receive(fd, size) : Buffer.alloc(0)
    const reply = payload && answer(request, payload)
    if (!reply) continue
    const message = Buffer.concat([words32(request, replyFlags, reply.length), reply])
    syscall(call.write, fd, message, message.length)
  }
}

/** struct sockaddr_un. */
const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)])
const listener = syscall(call.socket, AF_UNIX, SOCK_STREAM, 0)
if (syscall(call.bind, listener, address, address.length) < 0) throw new Error(`bind ${path}`)
syscall(call.listen, listener, 1)
console.log('listening')
serve(syscall(call.accept, listener, 0, 0))
