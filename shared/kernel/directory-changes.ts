/** Which files of a directory appear, are replaced, or go: a descriptor that is readable when one does (inotify(7)). */

import { Errno, KernelError } from './errno.ts'
import { close, type Fd } from './files.ts'
import { cstring, must, syscall } from './syscall.ts'

/** include/uapi/linux/inotify.h */
const [IN_CLOEXEC, IN_NONBLOCK] = [0o2000000, 0o4000]
const [IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF] = [
  0x40, 0x80, 0x200, 0x400, 0x800,
]
const [IN_Q_OVERFLOW, IN_IGNORED, IN_ONLYDIR] = [0x4000, 0x8000, 0x0100_0000]

/** What has changed since the last question. */
export interface DirectoryChanges {
  /** Names of files, each once. */
  names: string[]
  /** More has changed than the kernel could keep. */
  overflowed: boolean
  /** The directory itself is gone, or was moved: this descriptor tells nothing more. */
  ended: boolean
}

/** Watches files that are renamed into the directory, out of it, or deleted. The caller closes it. @throws KernelError */
export function watchDirectory(path: string): Fd {
  const fd = must('watch directories', 'inotify_init1', IN_CLOEXEC | IN_NONBLOCK)
  const mask = IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
  const result = syscall('inotify_add_watch', fd, cstring(path), mask)
  if (result >= 0) return fd
  close(fd)
  throw new KernelError(-result, `watch ${path}`)
}

/** Room for many events: one has at most 16 + 256 bytes. */
const BUFFER_BYTES = 65_536

/** Reads what has changed. Nothing, when nothing has. */
export function changesOf(fd: Fd): DirectoryChanges {
  const names = new Set<string>()
  const found = { overflowed: false, ended: false }
  const buffer = Buffer.alloc(BUFFER_BYTES)
  for (;;) {
    const length = syscall('read', fd, buffer, buffer.length)
    if (length === -Errno.EAGAIN || length === 0) return { names: [...names], ...found }
    if (length < 0) throw new KernelError(-length, 'read changes of a directory')
    for (const { mask, name } of eventsIn(buffer.subarray(0, length))) {
      if (name !== '') names.add(name)
      found.overflowed ||= (mask & IN_Q_OVERFLOW) !== 0
      found.ended ||= (mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) !== 0
    }
  }
}

/** struct inotify_event: watch, mask, cookie, length of the name, the name with zero bytes after it. */
function eventsIn(data: Buffer): { mask: number; name: string }[] {
  const events: { mask: number; name: string }[] = []
  for (let at = 0; at + 16 <= data.length; ) {
    const end = at + 16 + data.readUInt32LE(at + 12)
    const text = data.toString('utf8', at + 16, Math.min(end, data.length))
    events.push({ mask: data.readUInt32LE(at + 4), name: text.replace(/\0+$/, '') })
    at = end
  }
  return events
}
