/** Tells systemd what the service does, as sd_notify(3) says: datagrams to the socket in NOTIFY_SOCKET. */

import { Errno } from './errno.ts'
import { close } from './files.ts'
import { syscall } from './syscall.ts'

/** Sends assignments, one a line: `READY=1`. */
export type Notify = (text: string) => void

/** include/linux/socket.h, include/linux/net.h */
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_NOSIGNAL = 0x4000
const MSG_DONTWAIT = 0x40

/** @param socket NOTIFY_SOCKET: a path, or `@` and an abstract name. Without one, or another form, nothing is sent */
export function notifierOf(socket: string | undefined): Notify {
  const address = socket && /^[/@]./.test(socket) ? addressOf(socket) : undefined
  return (text) => {
    if (address) send(address, text)
  }
}

/** struct sockaddr_un (unix(7)); an abstract name begins with a zero byte and has no end. */
function addressOf(socket: string): Buffer | undefined {
  const name = Buffer.from(socket.startsWith('@') ? `\0${socket.slice(1)}` : socket)
  if (name.length > 107) return undefined
  const family = Buffer.alloc(2)
  family.writeUInt16LE(AF_UNIX)
  return Buffer.concat([family, name])
}

/** A service manager that does not listen is no failure. */
function send(address: Buffer, text: string): void {
  const fd = syscall('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return
  const message = Buffer.from(text)
  const flags = MSG_NOSIGNAL | MSG_DONTWAIT
  const attempt = () => syscall('sendto', fd, message, message.length, flags, address, address.length)
  if (attempt() === -Errno.EAGAIN) attempt()
  close(fd)
}

/** How often the watchdog is to be told, milliseconds: half of WATCHDOG_USEC. Undefined without a watchdog, or for another process. */
export function watchdogEvery(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const { WATCHDOG_USEC: usec = '', WATCHDOG_PID: of = String(pid) } = env
  return /^[1-9]\d{0,15}$/.test(usec) && of === String(pid) ? Number(usec) / 2000 : undefined
}
