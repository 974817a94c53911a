/** TUN and TAP devices: a program makes them through a control file, not by netlink (include/uapi/linux/if_tun.h). */

import { tellChange } from './changes.ts'
import { close, Open, open } from './files.ts'
import { must } from './syscall.ts'

/** A program opens this file to make a device or to open one, and reads and writes frames through it. */
export const controlFile = '/dev/net/tun'

/** Flags of a device (IFF_*). */
const Flag = { TUN: 1, TAP: 2, MULTI_QUEUE: 0x100, NO_PI: 0x1000, VNET_HDR: 0x4000 } as const

/** Requests of ioctl(2). */
const TUNSETIFF = 0x400454ca
const TUNSETPERSIST = 0x400454cb
const TUNSETOWNER = 0x400454cc
const TUNSETGROUP = 0x400454ce

/** struct ifreq: the name, and a union that begins with the flags. */
const IFREQ_LENGTH = 40
const FLAGS_OFFSET = 16

export interface TunOptions {
  mode: 'tun' | 'tap'
  /** Each of several programs or threads may open a queue of the device. */
  multiQueue?: boolean
  /** A struct virtio_net_hdr precedes each frame. */
  vnetHdr?: boolean
  /** User ID and group ID that may open the device besides root. */
  owner?: number
  group?: number
}

/** The arguments of the `ip` command that does the same. */
export function tunCommand(name: string, { mode, multiQueue, vnetHdr, owner, group }: TunOptions): string[] {
  return [
    ...['tuntap', 'add', 'mode', mode, 'name', name],
    ...(owner === undefined ? [] : ['user', String(owner)]),
    ...(group === undefined ? [] : ['group', String(group)]),
    ...(multiQueue ? ['multi_queue'] : []),
    ...(vnetHdr ? ['vnet_hdr'] : []),
  ]
}

/** Makes a persistent device in the current network namespace. Equivalent to `ip tuntap add`. @throws KernelError */
export function makeTun(name: string, options: TunOptions): void {
  const command = `ip ${tunCommand(name, options).join(' ')}`
  const control = (what: string, request: number, value: Buffer | number) =>
    must(`${what} ${options.mode} ${name} (${command})`, 'ioctl', fd, request, value)
  const fd = open(controlFile, Open.RDWR)
  try {
    control('create', TUNSETIFF, ifreq(name, options))
    if (options.owner !== undefined) control('set the owner of', TUNSETOWNER, options.owner)
    if (options.group !== undefined) control('set the group of', TUNSETGROUP, options.group)
    control('make persistent', TUNSETPERSIST, 1)
    tellChange(() => ({ commands: [command] }))
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
