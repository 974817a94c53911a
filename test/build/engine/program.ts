/** A program that tries what an engine offers: the same in every engine, its answers as JSON. */

import { sha512 } from '@noble/hashes/sha2.js'
import { architecture, commandLine, environment, sendInBackground, syscall } from '#engine'
import { xxh64 } from '../../../plugins/macvlan/macvtap/xxhash.ts'
import { Open, open, readAll, writeAll } from '../../../shared/kernel/files.ts'
import { run } from '../../../shared/kernel/run.ts'
import { syscall as call, cstring } from '../../../shared/kernel/syscall.ts'
import { exercise } from './buffer.ts'

const AT_FDCWD = -100
const __WALL = 0x40000000

type Trial = (argument: string) => unknown

const trials: Record<string, Trial> = {
  architecture: () => architecture,
  commandLine: () => commandLine(),
  environment: () => environment(),

  /** A number is passed as it is, also a negative one: the kernel accepts AT_FDCWD. */
  negative: (path) => call('readlinkat', AT_FDCWD, cstring(path), Buffer.alloc(1), 1),
  errno: () => call('close', -1),
  bigint: () => [
    call('lseek', open('/proc/self/exe'), 2n ** 33n, 0),
    call('lseek', open('/proc/self/exe'), -1n, 0),
  ],
  /** A part of a buffer is written and read in place. */
  subarray: (path) => {
    const fd = open(path, Open.RDWR | Open.CREAT)
    call('write', fd, Buffer.from('0123456789').subarray(3, 7), 4)
    call('lseek', fd, 0, 0)
    const into = Buffer.from('..........')
    call('read', fd, into.subarray(5), 4)
    return into.toString()
  },
  /** Eight bytes: a JavaScript engine may keep so small a buffer where the garbage collector moves it. */
  small: () => {
    const bytes = new Uint8Array(8)
    call('read', open('/proc/self/exe'), bytes.subarray(1), 4)
    return [...bytes]
  },
  /** Text to bytes and back, whole and in part; invalid UTF-8 becomes the replacement character. */
  text: () => [
    ...['', 'eth0', 'Brücke', '桥 🌉', 'broken \ud83c pair'].map((text) => Buffer.from(text).toString('hex')),
    ...['', '65746830', '4272c3bc636b65', '41ff42', '8022'].map((hex) => Buffer.from(hex, 'hex').toString()),
    ...[[1], [1, 3], [2, 9], [-2, 2], [3, 1]].map(([from, to]) =>
      Buffer.from('eth0').toString('utf8', from, to),
    ),
    Buffer.from('Brücke').toString('utf8', 2, 4),
  ],
  /** A part of a part is a Buffer in the same memory. */
  parts: () => {
    const whole = Buffer.alloc(6)
    const part = whole.subarray(1, 5).subarray(1)
    part.writeUInt16BE(0x6869)
    return [Buffer.isBuffer(part), part instanceof Buffer, part.toString('utf8', 0, 2), whole.toString('hex')]
  },
  /** All other methods of a Buffer. */
  buffer: () => exercise(),
  /** 64-bit arithmetic. Not toString(16) of a bigint, which QuickJS 2025-04-26 begins with a 0 too many. */
  xxh64: (text) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(xxh64(Buffer.from(text)))
    return bytes.toString('hex')
  },
  sha512: (text) => Buffer.from(sha512(Buffer.from(text))).toString('hex'),
  empty: () => call('write', 1, Buffer.alloc(0), 0),
  /** Blocks of all sizes, which grow, shrink and are freed, in the middle of each other. */
  memory: () => {
    const bytes = Array.from({ length: 36 }, (_, index) => Buffer.alloc(Math.floor(1.5 ** index), index))
    const text = 'x'.repeat(300_000).replaceAll('x', 'yz')
    const keys = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key${index}`, index]))
    for (let index = 0; index < 30_000; index += 2) delete keys[`key${index}`]
    const list: number[] = []
    for (let index = 0; index < 200_000; index++) list.push(index)
    list.length = 10
    return [
      bytes.every((block, index) => block.every((byte) => byte === index)),
      text.length,
      Object.keys(keys).length,
      list.at(-1),
    ]
  },
  tooMany: () => syscall(0, 1, 2, 3, 4, 5, 6, 7),

  /** A pipe in place of a socket: what the helper wrote, and whether it was the helper. A second pipe ends with it, at the latest. */
  sendInBackground: (kept) => {
    if (!sendInBackground) return null
    const [pipe, second] = [Buffer.alloc(8), Buffer.alloc(8)]
    for (const fds of [pipe, second]) call('pipe2', fds, 0)
    const [end, other] = [pipe.readInt32LE(4), second.readInt32LE(4)]
    const message = Buffer.from('message')
    const stack = Buffer.alloc(8192)
    const pid = sendInBackground(end, kept ? other : -1, message, stack)
    for (const fd of [end, other]) call('close', fd)
    const read = (fds: Buffer) => readAll(fds.readInt32LE(0)).toString()
    return [read(pipe), read(second), call('wait4', pid, 0, __WALL, 0) === pid]
  },

  run: (trial) => {
    const { program, bounds } = JSON.parse(trial)
    return run(program, bounds)
  },
  /** Far more than a pipe holds, in both directions: the two processes must not block each other. */
  runLarge: (path) => {
    const input = 'abcdefgh'.repeat(1 << 17)
    const { status, stdout } = run({ path, arguments: [], input, env: {} })
    return { status, length: stdout.length, same: stdout === input }
  },
}

/** An uncaught error: the engine must not print it on standard output. */
export async function main([, name = '', argument = '']: string[]): Promise<number> {
  writeAll(1, Buffer.from(JSON.stringify(await trials[name]?.(argument))))
  return 0
}
