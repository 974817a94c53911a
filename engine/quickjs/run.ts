/** Runs a program. Its input and output are files in memory, so no pipe has to be read while it runs. */

import { exec } from 'qjs:os'
import { close, type Fd, readAll, writeAll } from '../../shared/kernel/files.ts'
import { cstring, must } from '../../shared/kernel/syscall.ts'
import type { Completed, Program } from '../engine.ts'

const MFD_CLOEXEC = 1
const SEEK_SET = 0

export function run({ path, arguments: args, input, env }: Program): Completed {
  const files = [input, '', ''].map(openMemory)
  const [stdin, stdout, stderr] = files as [Fd, Fd, Fd]
  try {
    const ended = exec([path, ...args], { block: true, usePath: false, env, stdin, stdout, stderr })
    return { status: ended < 0 ? 128 - ended : ended, stdout: contents(stdout), stderr: contents(stderr) }
  } finally {
    files.forEach(close)
  }
}

/** Makes a file in memory that contains a text (memfd_create(2)); the position is its start. */
function openMemory(text: string): Fd {
  const fd = must('open a file in memory', 'memfd_create', cstring('patchbay'), MFD_CLOEXEC)
  writeAll(fd, Buffer.from(text))
  rewind(fd)
  return fd
}

function contents(fd: Fd): string {
  rewind(fd)
  return readAll(fd).toString()
}

function rewind(fd: Fd): void {
  must('rewind a file in memory', 'lseek', fd, 0, SEEK_SET)
}
