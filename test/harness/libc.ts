/** Mounts and namespaces by libc itself, in this process: a program for each would cost ten times as much, and more in a guest. */

import { dlopen, getInt32 } from 'node:ffi'
import { getSystemErrorName } from 'node:util'

/** include/uapi/linux/mount.h. */
export const Mount = { BIND: 0x1000, MOVE: 0x2000, REC: 0x4000, SHARED: 0x100000 } as const
const MNT_DETACH = 2
/** include/uapi/linux/sched.h. */
const CLONE_NEWNET = 0x40000000

const { functions: libc } = dlopen(null, {
  mount: { arguments: ['string', 'string', 'string', 'u64', 'string'], return: 'i32' },
  umount2: { arguments: ['string', 'i32'], return: 'i32' },
  unshare: { arguments: ['i32'], return: 'i32' },
  __errno_location: { arguments: [], return: 'pointer' },
})

/** mount(2). @throws with the name of the errno as its code */
export function mount(source: string, target: string, type: string, flags = 0, data = ''): void {
  must(`mount ${target}`, libc.mount(source, target, type, BigInt(flags), data))
}

/** umount2(2), also of what is in use. @throws as `mount` */
export function unmount(target: string): void {
  must(`unmount ${target}`, libc.umount2(target, MNT_DETACH))
}

/** This thread gets a new network namespace. @throws as `mount` */
export function unshareNetwork(): void {
  must('make a network namespace', libc.unshare(CLONE_NEWNET))
}

function must(attempt: string, result: number): void {
  if (result === 0) return
  const code = getSystemErrorName(-getInt32(libc.__errno_location(), 0))
  throw Object.assign(new Error(`${attempt}: ${code}`), { code })
}
