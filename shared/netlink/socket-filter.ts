/** Filters of sockets: programs of classic BPF (include/uapi/linux/filter.h), which the kernel runs for each frame. */

import { close, type Fd, writeAll } from '../kernel/files.ts'
import { cstring, must, syscall } from '../kernel/syscall.ts'

const [PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, SEEK_SET] = [3, 0x22, 0]
const [SOL_SOCKET, SO_ATTACH_FILTER] = [1, 26]

/** Bytes of an instruction, struct sock_filter. */
const INSTRUCTION = 8

/** An instruction: what it does, how many instructions it skips when it compares (true, false), and its operand. */
export type Instruction = readonly [code: number, yes: number, no: number, k: number]

/** The instructions as the kernel reads them. */
export function filterProgram(instructions: readonly Instruction[]): Buffer {
  const program = Buffer.alloc(INSTRUCTION * instructions.length)
  for (const [index, [code, yes, no, k]] of instructions.entries()) {
    program.writeUInt16LE(code, INSTRUCTION * index)
    program.set([yes, no], INSTRUCTION * index + 2)
    program.writeUInt32LE(k, INSTRUCTION * index + 4)
  }
  return program
}

/** Attaches a program to a socket. struct sock_fprog has a pointer to it, so it is read into memory whose address is known. @throws KernelError */
export function attachFilter(fd: Fd, program: Buffer): void {
  const address = must('map memory', 'mmap', 0, program.length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  try {
    copyTo(address, program)
    attach(fd, program, address)
  } finally {
    syscall('munmap', address, program.length)
  }
}

function copyTo(address: number, program: Buffer): void {
  const file = must('open a file in memory', 'memfd_create', cstring('filter'), 1)
  try {
    writeAll(file, program)
    must('rewind a file in memory', 'lseek', file, 0, SEEK_SET)
    must('read the filter', 'read', file, address, program.length)
  } finally {
    close(file)
  }
}

/** The kernel takes a copy. */
function attach(fd: Fd, program: Buffer, address: number): void {
  const fprog = Buffer.alloc(16)
  fprog.writeUInt16LE(program.length / INSTRUCTION, 0)
  fprog.writeBigUInt64LE(BigInt(address), 8)
  must('attach the filter', 'setsockopt', fd, SOL_SOCKET, SO_ATTACH_FILTER, fprog, fprog.length)
}
