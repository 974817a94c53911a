/** Finds the process that holds a lock file, for the error of a process that waited too long. */

import { readFileIfAny } from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'

/** A process that holds a lock. */
export interface Holder {
  pid: number
  /** The program, the verb and the container, as far as known from its command line and environment. */
  description: string
}

/** The holder of a file's flock(2); undefined when the lock is free, or the holder is in a PID namespace that we cannot see. */
export function holderOf(path: string): Holder | undefined {
  const pid = pidOf(path)
  return pid ? { pid, description: describe(pid) } : undefined
}

/** proc_locks(5): `1: FLOCK  ADVISORY  WRITE 4711 00:1a:2345 0 EOF`. Waiting processes have an arrow after the number. */
function pidOf(path: string): number {
  const inode = stat(path)?.inode
  const lines = readFileIfAny('/proc/locks')?.split('\n') ?? []
  const line = lines.map((text) => text.trim().split(/\s+/)).find((words) => isLockOn(words, inode))
  return Number(line?.[4] ?? 0)
}

/** Compares only the inode: on some file systems the device number differs from the one of stat(2). */
function isLockOn([, kind, , , , file = '']: string[], inode: bigint | undefined): boolean {
  return kind === 'FLOCK' && file.split(':')[2] === String(inode)
}

function describe(pid: number): string {
  const [program = ''] = readProc(pid, 'cmdline')
  const environment = readProc(pid, 'environ')
  const variable = (name: string) =>
    environment.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  const container = variable('CNI_CONTAINERID')
  const words = [program.split('/').at(-1), variable('CNI_COMMAND'), container && `of container ${container}`]
  return words.filter(Boolean).join(' ')
}

/** A file of strings that each end with a zero byte; none when the process has ended. */
function readProc(pid: number, file: 'cmdline' | 'environ'): string[] {
  try {
    return (readFileIfAny(`/proc/${pid}/${file}`) ?? '').split('\0')
  } catch {
    return [] // ESRCH: it ended between opening and reading.
  }
}
