/** CAN XL frames, which can-utils do not support yet (linux/can.h, linux/can/raw.h). */

import { waitReadable } from '../../shared/kernel/clock.ts'
import { inNamespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { must } from '../../shared/kernel/syscall.ts'
import type { Bus } from './can.ts'
import { link } from './look.ts'

const AF_CAN = 29
const SOCK_RAW = 3
const CAN_RAW = 1
const SOL_CAN_RAW = 101
const CAN_RAW_XL_FRAMES = 7
const CANXL_XLF = 0x80
/** struct canxl_frame before its data: prio, flags, sdt, len, af. */
const HEADER_LENGTH = 12

/** Sends data in one frame on a container's bus, from one program to another. @returns the frame that was received */
export function passXl(bus: Bus, data: Buffer): Buffer {
  const [sender, listener] = [openXl(bus), openXl(bus)]
  const frame = Buffer.concat([Buffer.alloc(HEADER_LENGTH), data])
  frame.writeUInt32LE(0x123, 0)
  frame[4] = CANXL_XLF
  frame.writeUInt16LE(data.length, 6)
  must('send an XL frame', 'sendto', sender, frame, frame.length, 0, 0, 0)
  if (!waitReadable(listener, 2000)) throw new Error('no frame was received')
  const heard = Buffer.alloc(4096)
  const length = must('hear an XL frame', 'recvfrom', listener, heard, heard.length, 0, 0, 0)
  return heard.subarray(HEADER_LENGTH, length)
}

function openXl({ ifname, netns }: Bus): number {
  if (!netns) throw new Error('XL frames are tried in containers')
  return inNamespace(openNamespace(netns.path), () => {
    const fd = must('open a CAN socket', 'socket', AF_CAN, SOCK_RAW, CAN_RAW)
    const on = Buffer.from([1, 0, 0, 0])
    must('ask for XL frames', 'setsockopt', fd, SOL_CAN_RAW, CAN_RAW_XL_FRAMES, on, on.length)
    const address = Buffer.alloc(24)
    address.writeUInt16LE(AF_CAN, 0)
    address.writeInt32LE(link(ifname, netns).ifindex, 4)
    must('bind a CAN socket', 'bind', fd, address, address.length)
    return fd
  })
}
