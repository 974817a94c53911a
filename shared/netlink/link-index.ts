/**
 * The index of a link, for DEL, which is not to wait for the deletions of others, as `findLink` does. An ioctl (SIOCGIFINDEX) would not wait
 * either, but for a name that is not there the kernel runs modprobe, twice (dev_load, net/core/dev_ioctl.c). So a socket is bound to the link.
 */

import { tolerate } from '../kernel/errno.ts'
import { must } from '../kernel/syscall.ts'
import type { Socket } from './socket.ts'

const [SOL_SOCKET, SO_BINDTODEVICE, SO_BINDTOIFINDEX] = [1, 25, 62]

/**
 * The index of a link by its name, alternative names included; undefined when there is none (socket(7)).
 * @param socket it stays bound, which changes nothing for rtnetlink; to bind it again takes CAP_NET_RAW
 * @param name at most 15 bytes @throws KernelError
 */
export function indexOf({ fd }: Socket, name: string): number | undefined {
  const device = Buffer.from(name)
  const [index, length] = [Buffer.alloc(4), Buffer.from([4, 0, 0, 0])]
  const attempt = `look up ${name}`
  return tolerate(() => {
    must(attempt, 'setsockopt', fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.length)
    must(attempt, 'getsockopt', fd, SOL_SOCKET, SO_BINDTOIFINDEX, index, length)
    return index.readInt32LE(0)
  }, 'ENODEV')
}
