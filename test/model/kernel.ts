/** The model's kernel: carries out a system call of a process on the disk, as Linux does. */

import { Errno } from '../../shared/kernel/errno.ts'
import type { SyscallName } from '../../shared/kernel/syscall.ts'
import { formatDirectory, formatStat, formatTime, parseTime } from './bytes.ts'
import * as disks from './disk.ts'
import type { Answer, Operation } from './operation.ts'

/** An open file of a process. */
export interface OpenFile {
  path: string
  inode: number
  offset: number
  isLocked: boolean
}

/** What a process has in the kernel. Its open files are replaced, never changed. */
export interface Task {
  pid: number
  files: Map<number, OpenFile>
}

/** What the kernel and the file system can do. */
export interface Traits {
  /** O_TMPFILE, and RENAME_NOREPLACE of renameat2(2). NFS has neither. */
  hasModernCalls: boolean
  /** flock(2) keeps others out. Without it, a bug is modelled. */
  hasLocks: boolean
}

export const linux: Traits = { hasModernCalls: true, hasLocks: true }

/** One system call: its arguments, and what it can change. */
interface Context {
  disk: disks.Disk
  task: Task
  /** All processes. */
  tasks: readonly Task[]
  traits: Traits
  number(at: number): number
  text(at: number): string
}

const failed = (name: keyof typeof Errno): Answer => ({ value: -Errno[name] })
const done: Answer = { value: 0 }
const filledWith = (bytes: string): Answer => ({ value: bytes.length, bytes })

/** Flags of open(2) and others, include/uapi. */
const [CREAT, EXCL, TRUNC, TMPFILE] = [0o100, 0o200, 0o1000, 0o20000000]
const NOREPLACE = 1
const REMOVEDIR = 0x200
const END = 2
const COARSE = 5
const MONOTONIC = 1

const calls: Partial<Record<SyscallName, (context: Context) => Answer>> = {
  openat: (context) => (context.number(2) & TMPFILE ? openNameless(context) : openNamed(context)),
  openat2({ disk, task, text }) {
    const inode = disk.names.get(text(1))
    return inode === undefined ? failed('ENOENT') : openFile(task, text(1), inode)
  },
  close: ({ task, number }) => (task.files.delete(number(0)) ? done : failed('EBADF')),
  read(context) {
    const file = fileOf(context)
    const answer = filledWith(textOf(context).substr(file.offset, context.number(2)))
    moveTo(context, file.offset + answer.value)
    return answer
  },
  pread64: (context) => filledWith(textOf(context).substr(context.number(3), context.number(2))),
  write(context) {
    const { offset } = fileOf(context)
    moveTo(context, offset + context.text(1).length)
    return put(context, offset)
  },
  pwrite64: (context) => put(context, context.number(3)),
  lseek(context) {
    if (context.number(2) !== END) throw new Error('only the end of a file is sought')
    return { value: textOf(context).length }
  },
  ftruncate(context) {
    disks.write(context.disk, fileOf(context).inode, textOf(context).slice(0, context.number(1)))
    return done
  },
  fsync(context) {
    const { path, inode } = fileOf(context)
    if (disks.inodeOf(context.disk, inode).kind === 'directory') disks.syncNames(context.disk, path)
    else disks.change(context.disk, inode, { isSynced: true })
    return done
  },
  flock(context) {
    if (!isFree(context)) return failed('EAGAIN')
    context.task.files.set(context.number(0), { ...fileOf(context), isLocked: true })
    return done
  },
  getdents64(context) {
    const { path, offset } = fileOf(context)
    moveTo(context, 1)
    return filledWith(offset === 0 ? formatDirectory(context.disk, path) : '')
  },
  mkdirat: ({ disk, text }) => addNew(disk, text(1), () => disks.makeInode(disk, 'directory')),
  symlinkat: ({ disk, text }) => addNew(disk, text(2), () => disks.makeInode(disk, 'link', text(0))),
  linkat: (context) => link(context),
  renameat2: (context) => rename(context),
  unlinkat: (context) => unlink(context),
  readlinkat({ disk, text }) {
    const inode = disks.at(disk, text(1))
    if (!inode) return failed('ENOENT')
    return inode.kind === 'link' ? filledWith(inode.text) : failed('EINVAL')
  },
  statx(context) {
    const { disk, text } = context
    // AT_EMPTY_PATH: the open file itself.
    const inode = text(1) === '' ? disks.inodeOf(disk, fileOf(context).inode) : disks.at(disk, text(1))
    return inode ? { value: 0, bytes: formatStat(inode) } : failed('ENOENT')
  },
  utimensat({ disk, text }) {
    const inode = disk.names.get(text(1))
    if (inode === undefined) return failed('ENOENT')
    disks.change(disk, inode, { mtime: parseTime(text(2), 16), ctime: disks.coarseTime(disk) })
    return done
  },
  clock_gettime({ disk, number }) {
    if (number(0) === MONOTONIC) return { value: 0, bytes: formatTime(0n) }
    return {
      value: 0,
      bytes: formatTime(number(0) === COARSE ? disks.coarseTime(disk) : disks.fineTime(disk)),
    }
  },
  getpid: ({ task }) => ({ value: task.pid }),
  ppoll: () => done,
}

const readers: readonly SyscallName[] = [
  'clock_gettime',
  'close',
  'flock',
  'getdents64',
  'getpid',
  'lseek',
  'openat2',
  'ppoll',
  'pread64',
  'read',
  'readlinkat',
  'statx',
]

/** Whether a system call may change the disk. */
export function mayChange({ name, args }: Operation): boolean {
  return name === 'openat' ? ((args[2] as number) & (CREAT | TRUNC | TMPFILE)) !== 0 : !readers.includes(name)
}

/** Carries out a system call. The disk and the task's map of open files are changed. */
export function execute(
  operation: Operation,
  { disk, task, tasks, traits }: Pick<Context, 'disk' | 'task' | 'tasks' | 'traits'>,
): Answer {
  const { name, args } = operation
  const call = calls[name]
  if (!call) throw new Error(`${name} is not modelled`)
  return call({
    disk,
    task,
    tasks,
    traits,
    number: (at) => args[at] as number,
    text: (at) => args[at] as string,
  })
}

/** Whether a flock(2) would have to wait. */
export function mustWait(
  { name, args }: Operation,
  task: Task,
  tasks: readonly Task[],
  traits: Traits,
): boolean {
  return (
    name === 'flock' &&
    !isFree({ task, tasks, traits, number: (at: number) => args[at] as number } as Context)
  )
}

function isFree({ task, tasks, traits, number }: Context): boolean {
  const inode = task.files.get(number(0))?.inode
  const others = tasks.filter((other) => other !== task).flatMap(({ files }) => [...files.values()])
  return !traits.hasLocks || !others.some((file) => file.isLocked && file.inode === inode)
}

function fileOf({ task, number }: Context): OpenFile {
  const file = task.files.get(number(0))
  if (!file) throw new Error(`descriptor ${number(0)} is not open`)
  return file
}

function textOf(context: Context): string {
  return disks.inodeOf(context.disk, fileOf(context).inode).text
}

function moveTo(context: Context, offset: number): void {
  context.task.files.set(context.number(0), { ...fileOf(context), offset })
}

/** Writes the second argument's bytes at an offset. */
function put(context: Context, offset: number): Answer {
  const [before, bytes] = [textOf(context).padEnd(offset, '\0'), context.text(1)]
  const text = before.slice(0, offset) + bytes + before.slice(offset + bytes.length)
  disks.write(context.disk, fileOf(context).inode, text)
  return { value: bytes.length }
}

function openNamed({ disk, task, text, number }: Context): Answer {
  const [path, flags] = [text(1).replace(/\/\.$/, ''), number(2)]
  if (!disk.names.has(path)) {
    if (!(flags & CREAT)) return failed('ENOENT')
    const { value } = addNew(disk, path, () => disks.makeInode(disk, 'file'))
    if (value < 0) return { value }
  } else if ((flags & (CREAT | EXCL)) === (CREAT | EXCL)) return failed('EEXIST')
  const inode = disk.names.get(path) as number
  if (flags & TRUNC) disks.write(disk, inode, '')
  return openFile(task, path, inode)
}

function openNameless({ disk, task, text, traits }: Context): Answer {
  if (!traits.hasModernCalls) return failed('EOPNOTSUPP')
  if (!disk.names.has(text(1))) return failed('ENOENT')
  return openFile(task, '', disks.makeInode(disk, 'file'))
}

/** The descriptor is the lowest that is free, as in Linux. */
function openFile({ files }: Task, path: string, inode: number): Answer {
  let fd = 3
  while (files.has(fd)) fd++
  files.set(fd, { path, inode, offset: 0, isLocked: false })
  return { value: fd }
}

/** Gives a path to an inode, unless it is taken or its directory does not exist. */
function addNew(disk: disks.Disk, path: string, inode: () => number): Answer {
  if (disk.names.has(path)) return failed('EEXIST')
  if (!disk.names.has(disks.parentOf(path))) return failed('ENOENT')
  disks.addName(disk, path, inode())
  return done
}

function link({ disk, task, text }: Context): Answer {
  const fd = text(1).match(/^\/proc\/self\/fd\/(\d+)$/)?.[1]
  const inode = fd === undefined ? disk.names.get(text(1)) : task.files.get(Number(fd))?.inode
  return inode === undefined ? failed('ENOENT') : addNew(disk, text(3), () => inode)
}

function rename({ disk, text, number, traits }: Context): Answer {
  const [from, to, flags] = [text(1), text(3), number(4)]
  const inode = disk.names.get(from)
  if (flags & NOREPLACE && !traits.hasModernCalls) return failed('EINVAL')
  if (inode === undefined || !disk.names.has(disks.parentOf(to))) return failed('ENOENT')
  if (flags & NOREPLACE && disk.names.has(to)) return failed('EEXIST')
  disks.moveName(disk, from, to)
  return done
}

function unlink({ disk, text, number }: Context): Answer {
  const inode = disks.at(disk, text(1))
  const isDirectory = inode?.kind === 'directory'
  if (!inode) return failed('ENOENT')
  if (isDirectory !== (number(2) === REMOVEDIR)) return failed(isDirectory ? 'EISDIR' : 'ENOTDIR')
  if (isDirectory && disks.namesIn(disk, text(1)).length > 0) return failed('ENOTEMPTY')
  disks.removeName(disk, text(1))
  return done
}
