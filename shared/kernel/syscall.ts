/** The system calls that Patchbay uses, by name, for both architectures. */

import { architecture, syscall as execute } from '#engine'
import type { SyscallArgument } from '../../engine/engine.ts'
import { Errno, KernelError } from './errno.ts'

/** Numbers from arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (arm64). */
const numbers = {
  x64: {
    read: 0,
    write: 1,
    close: 3,
    lseek: 8,
    mmap: 9,
    munmap: 11,
    madvise: 28,
    rt_sigprocmask: 14,
    ioctl: 16,
    pread64: 17,
    pwrite64: 18,
    socket: 41,
    connect: 42,
    sendto: 44,
    recvfrom: 45,
    bind: 49,
    setsockopt: 54,
    getsockopt: 55,
    getpid: 39,
    wait4: 61,
    kill: 62,
    flock: 73,
    fsync: 74,
    ftruncate: 77,
    getdents64: 217,
    rt_sigtimedwait: 128,
    clock_gettime: 228,
    openat: 257,
    mkdirat: 258,
    unlinkat: 263,
    linkat: 265,
    symlinkat: 266,
    readlinkat: 267,
    ppoll: 271,
    utimensat: 280,
    pipe2: 293,
    setns: 308,
    unshare: 272,
    mount: 165,
    renameat2: 316,
    getrandom: 318,
    memfd_create: 319,
    signalfd4: 289,
    inotify_add_watch: 254,
    inotify_init1: 294,
    statx: 332,
    fstatfs: 138,
    mknodat: 259,
    fchownat: 260,
    fchmod: 91,
    fchmodat: 268,
    fsopen: 430,
    fsconfig: 431,
    fsmount: 432,
    pidfd_open: 434,
    openat2: 437,
    mount_setattr: 442,
    umount2: 166,
    listen: 50,
    accept4: 288,
    getsockname: 51,
  },
  arm64: {
    read: 63,
    write: 64,
    close: 57,
    lseek: 62,
    mmap: 222,
    munmap: 215,
    madvise: 233,
    ioctl: 29,
    pread64: 67,
    pwrite64: 68,
    socket: 198,
    connect: 203,
    sendto: 206,
    recvfrom: 207,
    bind: 200,
    setsockopt: 208,
    getsockopt: 209,
    getpid: 172,
    wait4: 260,
    kill: 129,
    rt_sigprocmask: 135,
    rt_sigtimedwait: 137,
    flock: 32,
    fsync: 82,
    ftruncate: 46,
    getdents64: 61,
    clock_gettime: 113,
    openat: 56,
    mkdirat: 34,
    unlinkat: 35,
    linkat: 37,
    symlinkat: 36,
    readlinkat: 78,
    ppoll: 73,
    utimensat: 88,
    pipe2: 59,
    setns: 268,
    unshare: 97,
    mount: 40,
    renameat2: 276,
    getrandom: 278,
    memfd_create: 279,
    signalfd4: 74,
    inotify_add_watch: 27,
    inotify_init1: 26,
    statx: 291,
    fstatfs: 44,
    mknodat: 33,
    fchownat: 54,
    fchmod: 52,
    fchmodat: 53,
    fsopen: 430,
    fsconfig: 431,
    fsmount: 432,
    pidfd_open: 434,
    openat2: 437,
    mount_setattr: 442,
    umount2: 39,
    listen: 201,
    accept4: 242,
    getsockname: 204,
  },
} as const

/** The directory in which a relative path of openat(2) and others begins: the current one, include/uapi/linux/fcntl.h. */
export const AT_FDCWD = -100

/** The file of the descriptor itself, in place of a path. */
export const AT_EMPTY_PATH = 0x1000

export type SyscallName = keyof (typeof numbers)['x64']

/** The numbers on this processor. */
export const syscallNumbers: Record<SyscallName, number> = numbers[architecture]

/**
 * Executes a system call by name and returns its result or `-errno`; interrupted calls are repeated. Its arguments are no rest
 * parameter, of which QuickJS would make an array in each call.
 */
export function syscall(
  name: SyscallName,
  a?: SyscallArgument,
  b?: SyscallArgument,
  c?: SyscallArgument,
  d?: SyscallArgument,
  e?: SyscallArgument,
  f?: SyscallArgument,
): number {
  let result: number
  do result = execute(syscallNumbers[name], a, b, c, d, e, f)
  while (result === -Errno.EINTR)
  return result
}

/**
 * Executes a system call that is expected to succeed.
 * @param attempted the caller's action, for the error: `open /proc/self/ns/net`
 * @throws KernelError with the errno's name
 */
export function must(
  attempted: string,
  name: SyscallName,
  a?: SyscallArgument,
  b?: SyscallArgument,
  c?: SyscallArgument,
  d?: SyscallArgument,
  e?: SyscallArgument,
  f?: SyscallArgument,
): number {
  const result = syscall(name, a, b, c, d, e, f)
  if (result < 0) throw new KernelError(-result, attempted)
  return result
}

/** A string for the kernel: UTF-8 with a terminating NUL. A string with a NUL inside is refused, because it would be cut. */
export function cstring(text: string): Buffer {
  if (text.includes('\0'))
    throw new KernelError(Errno.EINVAL, `use ${JSON.stringify(text)} as a kernel string`)
  return Buffer.from(`${text}\0`)
}
