/** The index of a link, by an ioctl: for DEL, which must not wait for the deletions of others. */

import { tolerate } from '../kernel/errno.ts'
import { must } from '../kernel/syscall.ts'
import type { Socket } from './socket.ts'

const [SIOCGIFINDEX, IFNAMSIZ, SIZE_OF_IFREQ] = [0x8933, 16, 40]

/**
 * The index of a link by its name, alternative names included; undefined when there is none (netdevice(7)). `findLink` waits for the kernel while it
 * deletes other links, this does not.
 * @param name at most 15 bytes @throws KernelError
 */
export function indexOf(socket: Socket, name: string): number | undefined {
  const ifreq = Buffer.alloc(SIZE_OF_IFREQ)
  ifreq.write(name)
  return tolerate(() => {
    must(`look up ${name}`, 'ioctl', socket.fd, SIOCGIFINDEX, ifreq)
    return ifreq.readInt32LE(IFNAMSIZ)
  }, 'ENODEV')
}
