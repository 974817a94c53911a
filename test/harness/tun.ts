/** Opens a tap or tun like a virtual machine monitor (include/uapi/linux/if_tun.h). */

import { type Fd, Open, open } from '../../shared/kernel/files.ts'
import { must } from '../../shared/kernel/syscall.ts'
import { controlFile } from '../../shared/kernel/tun.ts'

const TUNSETIFF = 0x400454ca
/** Flags of a device (IFF_*). */
const Flag = { TUN: 1, TAP: 2, MULTI_QUEUE: 0x100, NO_PI: 0x1000 } as const

/** Opens a device of this namespace. @throws KernelError */
export function openTun(name: string, isTun: boolean, multiQueue: boolean): Fd {
  const flags = (isTun ? Flag.TUN : Flag.TAP) | (multiQueue ? Flag.MULTI_QUEUE : 0)
  return attach(controlFile, name, flags)
}

/** Opens the device node of a macvtap or ipvtap, for frames without a header. @throws KernelError */
export function openTapNode(path: string): Fd {
  return attach(path, '', Flag.TAP)
}

function attach(path: string, name: string, flags: number): Fd {
  const fd = open(path, Open.RDWR)
  must(`open ${name || path}`, 'ioctl', fd, TUNSETIFF, ifreq(name, flags | Flag.NO_PI))
  return fd
}

/** struct ifreq: the name in 16 bytes, and a union that begins with the flags. */
function ifreq(name: string, flags: number): Buffer {
  const request = Buffer.alloc(40)
  request.write(name)
  request.writeUInt16LE(flags, 16)
  return request
}
