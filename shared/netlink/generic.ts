/** Generic netlink: one protocol for many families, each with a name and commands. */

import { parseAttributes, type StreamData } from 'netlink/dist/structs.js'
import { plain } from './nested.ts'
import { ask, type Request, type Socket } from './socket.ts'

/** include/uapi/linux/genetlink.h: the family that lists the others. */
const GENL_ID_CTRL = 16
const CTRL_CMD_GETFAMILY = 3
const CTRL_ATTR_FAMILY_ID = 1
const CTRL_ATTR_FAMILY_NAME = 2

/** struct genlmsghdr: command, version, reserved. */
const HEADER_LENGTH = 4

/**
 * The kernel's number of a family. Equivalent to `genl ctrl get name NAME`.
 * @param socket of the protocol GENERIC
 * @throws KernelError ENOENT when the kernel has no such family
 */
export function familyID(socket: Socket, name: string): number {
  const [reply] = ask(socket, {
    ...genericRequest(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, plain(CTRL_ATTR_FAMILY_NAME, text(name))),
    attempt: `look up ${name} over netlink`,
    see: `genl ctrl get name ${name}`,
  })
  const [id] = valuesAt(bodyOf(reply?.data), CTRL_ATTR_FAMILY_ID)
  return id?.readUInt16LE(0) ?? 0
}

/** A request to a family: the command and its attributes. */
export function genericRequest(
  family: number,
  command: number,
  ...body: StreamData[]
): Pick<Request, 'type' | 'flags' | 'payload'> {
  return {
    type: family,
    flags: 0,
    payload: (out) => {
      out.emit(Buffer.from([command, 1, 0, 0]))
      for (const part of body) out.emit(part)
    },
  }
}

/** The attributes of an answer. */
export function bodyOf(data: Buffer = Buffer.alloc(0)): Buffer {
  return data.subarray(HEADER_LENGTH)
}

/** All values at a path of attribute types. */
export function valuesAt(data: Buffer, type: number, ...rest: number[]): Buffer[] {
  const found: Buffer[] = []
  parseAttributes(data, (attribute) => {
    if (attribute.type !== type) return
    const [next, ...others] = rest
    found.push(...(next === undefined ? [attribute.data] : valuesAt(attribute.data, next, ...others)))
  })
  return found
}

/** A text with a terminating NUL, as the kernel expects. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}
