/** TUN and TAP devices: made by a control file, not by netlink (include/uapi/linux/if_tun.h). */

import { close, Open, open } from './files.ts'
import { must } from './syscall.ts'

/** The file that makes a device for the program that opens it, and hands over its frames. */
export const controlFile = '/dev/net/tun'

/** Flags of a device (IFF_*). */
const Flag = { TUN: 1, TAP: 2, MULTI_QUEUE: 0x100, NO_PI: 0x1000, VNET_HDR: 0x4000 } as const

/** Requests of ioctl(2). */
const TUNSETIFF = 0x400454ca
const TUNSETPERSIST = 0x400454cb
const TUNSETOWNER = 0x400454cc
const TUNSETGROUP = 0x400454ce

/** struct ifreq: the name, and a union of which the flags are the beginning. */
const IFREQ_LENGTH = 40
const FLAGS_OFFSET = 16

export interface TunOptions {
  mode: 'tun' | 'tap'
  /** Several programs, or threads, may each have a queue of it. */
  multiQueue?: boolean
  /** Each frame has a struct virtio_net_hdr before it. */
  vnetHdr?: boolean
  /** Who may open it besides root: numbers of a user and a group. */
  owner?: number
  group?: number
}

/** The command that does the same. */
export function tunCommand(name: string, { mode, multiQueue, vnetHdr, owner, group }: TunOptions): string[] {
  return [
    ...['tuntap', 'add', 'mode', mode, 'name', name],
    ...(owner === undefined ? [] : ['user', String(owner)]),
    ...(group === undefined ? [] : ['group', String(group)]),
    ...(multiQueue ? ['multi_queue'] : []),
    ...(vnetHdr ? ['vnet_hdr'] : []),
  ]
}

/** Makes a device of the present network namespace that stays when no program has it open. @throws KernelError */
export function makeTun(name: string, options: TunOptions): void {
  const command = `ip ${tunCommand(name, options).join(' ')}`
  const control = (what: string, request: number, value: Buffer | number) =>
    must(`${what} ${options.mode} ${name} (${command})`, 'ioctl', fd, request, value)
  const fd = open(controlFile, Open.RDWR)
  try {
    control('create', TUNSETIFF, ifreq(name, options))
    if (options.owner !== undefined) control('give an owner to', TUNSETOWNER, options.owner)
    if (options.group !== undefined) control('give a group to', TUNSETGROUP, options.group)
    control('keep', TUNSETPERSIST, 1)
  } finally {
    close(fd)
  }
}

function ifreq(name: string, { mode, multiQueue, vnetHdr }: TunOptions): Buffer {
  const request = Buffer.alloc(IFREQ_LENGTH)
  request.write(name)
  const kind = mode === 'tap' ? Flag.TAP : Flag.TUN
  const flags = kind | Flag.NO_PI | (multiQueue ? Flag.MULTI_QUEUE : 0) | (vnetHdr ? Flag.VNET_HDR : 0)
  request.writeUInt16LE(flags, FLAGS_OFFSET)
  return request
}
