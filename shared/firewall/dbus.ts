/** A client of the system bus (D-Bus Specification): connects, says who it is by the socket's credentials, and calls methods. */

import { environment } from '#engine'
import { CniError, Code } from '../error/error.ts'
import { now, waitReadable } from '../kernel/clock.ts'
import { Errno, KernelError } from '../kernel/errno.ts'
import { close, type Fd, writeAll } from '../kernel/files.ts'
import { must } from '../kernel/syscall.ts'
import { type Answer, type Call, decodeAnswer, encodeCall, messageLength } from './dbus-message.ts'
import { usualBus } from './filter-traces.ts'

/** A connection. It is closed by the end of the process, or by `disconnect`. */
export interface Bus {
  fd: Fd
  address: string
  serial: number
  /** What was received, and belongs to a later message. */
  received: Buffer
}

const [AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC] = [1, 1, 0o2000000]
/** sizeof(sun_path), include/uapi/linux/un.h. */
const PATH_BYTES = 108
/** How long an answer may take: firewalld builds its rules anew meanwhile. */
const PATIENCE_MILLISECONDS = 25_000
/** The greatest message of the protocol, bytes. */
const LONGEST = 1 << 27

const daemon = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
}

/** Connects to the system bus; undefined when there is none. @throws KernelError, CniError */
export function connect(): Bus | undefined {
  const address = environment().DBUS_SYSTEM_BUS_ADDRESS || `unix:path=${usualBus}`
  const fd = openFirst(address)
  if (fd === undefined) return undefined
  const bus: Bus = { fd, address, serial: 0, received: Buffer.alloc(0) }
  authenticate(bus)
  ask(bus, { ...daemon, member: 'Hello', arguments: [] })
  return bus
}

/** Ends a connection. */
export function disconnect({ fd }: Bus): void {
  close(fd)
}

/** Whether a program has a name on the bus: `busctl status NAME`. */
export function hasOwner(bus: Bus, name: string): boolean {
  return ask(bus, { ...daemon, member: 'NameHasOwner', arguments: [name] }).value === true
}

/** The first address of a list that has a listener. */
function openFirst(addresses: string): Fd | undefined {
  for (const address of addresses.split(';')) {
    const name = socketName(address)
    const fd = name && openSocket(name)
    if (fd !== undefined) return fd
  }
  return undefined
}

/** The bytes of sun_path for `unix:path=…` or `unix:abstract=…`; undefined for other transports. */
function socketName(address: string): Buffer | undefined {
  const [, kind, value = ''] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? []
  if (!kind) return undefined
  const name = Buffer.from(`${kind === 'abstract' ? '\0' : ''}${unescaped(value)}`)
  return name.length < PATH_BYTES ? name : undefined
}

/** `%20` and the like, in addresses. */
function unescaped(value: string): string {
  return value.replace(/%([0-9a-fA-F]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}

function openSocket(name: Buffer): Fd | undefined {
  const fd = must('open a socket', 'socket', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
  const isAbstract = name[0] === 0
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name, Buffer.alloc(isAbstract ? 0 : 1)])
  try {
    must('connect to the system bus', 'connect', fd, address, address.length)
    return fd
  } catch (error) {
    close(fd)
    if (error instanceof KernelError && ['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(error.errno))
      return undefined
    throw error
  }
}

/** EXTERNAL: the bus reads the user from the socket. */
function authenticate(bus: Bus): void {
  writeAll(bus.fd, Buffer.from('\0AUTH EXTERNAL\r\nDATA\r\n'), 'the system bus')
  const end = now() + PATIENCE_MILLISECONDS
  while (!/OK [^\r]*\r\n$/.test(bus.received.toString())) {
    if (/REJECTED|ERROR/.test(bus.received.toString())) throw unusable(bus, 'refuses EXTERNAL authentication')
    receive(bus, end)
  }
  bus.received = Buffer.alloc(0)
  writeAll(bus.fd, Buffer.from('BEGIN\r\n'), 'the system bus')
}

/** Calls a method and waits for its answer, which may be an error. @throws CniError, KernelError */
export function ask(bus: Bus, call: Call): Answer {
  const serial = ++bus.serial
  writeAll(bus.fd, encodeCall(call, serial), 'the system bus')
  const end = now() + PATIENCE_MILLISECONDS
  for (;;) {
    const answer = nextMessage(bus, end)
    if (answer?.to === serial) return answer
  }
}

/** The next message, if it is an answer. */
function nextMessage(bus: Bus, end: number): Answer | undefined {
  for (;;) {
    const length = messageLength(bus.received)
    if (length !== undefined && length > LONGEST) throw unusable(bus, 'sends what is no message')
    if (length !== undefined && bus.received.length >= length) {
      const message = bus.received.subarray(0, length)
      bus.received = bus.received.subarray(length)
      return decodeAnswer(message)
    }
    receive(bus, end)
  }
}

function receive(bus: Bus, end: number): void {
  if (!waitReadable(bus.fd, end - now()))
    throw unusable(bus, `does not answer within ${PATIENCE_MILLISECONDS / 1000} s`)
  const part = Buffer.alloc(4096)
  const count = must('read from the system bus', 'read', bus.fd, part, part.length)
  if (count === 0) throw new KernelError(Errno.ECONNRESET, 'read from the system bus')
  bus.received = Buffer.concat([bus.received, part.subarray(0, count)])
}

function unusable({ address }: Bus, what: string): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `the system bus ${what}: firewalld cannot be asked`,
    hint: `its address is ${address} (DBUS_SYSTEM_BUS_ADDRESS, or the usual one)`,
    see: 'busctl list',
  })
}
