/** Which process holds a lock file: for the error of a process that waited in vain. */

import { readFileIfAny, stat } from '../kernel/files.ts'

/** A process that holds a lock. */
export interface Holder {
  pid: number
  /** The plugin, the verb and the container, as far as its environment tells. */
  words: string
}

/** The holder of a file's flock(2); undefined when it is released by now, or in a PID namespace that this one does not see. */
export function holderOf(path: string): Holder | undefined {
  const pid = pidOf(path)
  return pid ? { pid, words: wordsOf(pid) } : undefined
}

/** proc_locks(5): `1: FLOCK  ADVISORY  WRITE 4711 00:1a:2345 0 EOF`. Those that wait have an arrow behind the number. */
function pidOf(path: string): number {
  const inode = stat(path)?.inode
  const lines = readFileIfAny('/proc/locks')?.split('\n') ?? []
  const line = lines.map((text) => text.trim().split(/\s+/)).find((words) => isLockOn(words, inode))
  return Number(line?.[4] ?? 0)
}

/** By inode only: some file systems show another device number here than to stat(2). */
function isLockOn([, kind, , , , file = '']: string[], inode: bigint | undefined): boolean {
  return kind === 'FLOCK' && file.split(':')[2] === String(inode)
}

function wordsOf(pid: number): string {
  const [program = ''] = readProc(pid, 'cmdline')
  const environment = readProc(pid, 'environ')
  const variable = (name: string) =>
    environment.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
  const container = variable('CNI_CONTAINERID')
  const words = [program.split('/').at(-1), variable('CNI_COMMAND'), container && `of container ${container}`]
  return words.filter(Boolean).join(' ')
}

/** Strings that end with a zero byte each; none when the process has ended. */
function readProc(pid: number, file: 'cmdline' | 'environ'): string[] {
  try {
    return (readFileIfAny(`/proc/${pid}/${file}`) ?? '').split('\0')
  } catch {
    return [] // ESRCH: it ended between opening and reading.
  }
}
