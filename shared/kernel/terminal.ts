/** What the kernel knows of a terminal. */

import { syscall } from './syscall.ts'

/** Requests of ioctl(2), include/uapi/asm-generic/ioctls.h. */
const TCGETS = 0x5401
const TIOCGWINSZ = 0x5413

/** isatty(3): only a terminal answers TCGETS. */
export function isTerminal(fd: number): boolean {
  return syscall('ioctl', fd, TCGETS, Buffer.alloc(64)) === 0
}

/** What a terminal that tells no width has. */
const usual = 80

/** The width of a terminal in columns (ioctl_tty(2), `struct winsize`); undefined for what is no terminal. */
export function columnsOf(fd: number): number | undefined {
  if (!isTerminal(fd)) return undefined
  const size = Buffer.alloc(8)
  return (syscall('ioctl', fd, TIOCGWINSZ, size) === 0 && size.readUInt16LE(2)) || usual
}
