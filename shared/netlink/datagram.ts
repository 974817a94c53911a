/** A datagram of requests, written into one buffer: the stream of the netlink package makes a buffer for each header and each gap. */

import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import { Errno, KernelError } from '../kernel/errno.ts'

/** The longest attribute, bytes: its length is an integer of 16 bits. */
const LONGEST = 0xffff

/** Type without flags (NLA_TYPE_MASK, include/uapi/linux/netlink.h). */
const TYPE_MASK = 0x3fff

/** Bytes that hold nearly every request. */
const USUAL = 512

/** What the codecs write to. `length` is that of what has been written; `bufs`, where the package's stream collects, stays empty. */
export class Datagram extends AttrStream {
  length = 0
  private buffer = Buffer.alloc(USUAL)

  /** Adds data as it is. */
  override emit(data: StreamData): void {
    if (typeof data === 'function') data(this)
    else if (Array.isArray(data)) for (const part of data) this.emit(part)
    else this.write(data)
  }

  /** Adds an attribute at the next multiple of four bytes. @throws KernelError EMSGSIZE for more than 65,535 bytes */
  override push(type: number, data: StreamData): void {
    this.align()
    const start = this.reserve(4)
    this.emit(data)
    const size = this.length - start
    if (size > LONGEST)
      throw new KernelError(Errno.EMSGSIZE, 'write a request', { extack: `an attribute has ${size} bytes` })
    this.buffer.writeUInt16LE(size, start)
    this.buffer.writeUInt16LE(type & TYPE_MASK, start + 2)
  }

  /** Adds zeros up to a multiple of four bytes. */
  align(): void {
    this.reserve(-this.length & 3)
  }

  /** Adds zeros, to be written later. @returns where they begin */
  reserve(size: number): number {
    const start = this.length
    this.length += size
    if (this.length > this.buffer.length) this.grow()
    return start
  }

  /** What has been written. It is the buffer itself: what is written later may change it. */
  bytes(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  private write(data: Uint8Array): void {
    const start = this.reserve(data.length)
    this.buffer.set(data, start)
  }

  private grow(): void {
    const larger = Buffer.alloc(2 * this.length)
    larger.set(this.buffer)
    this.buffer = larger
  }
}
