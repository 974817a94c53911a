/** Makes one system call of a plugin fail, or kills the plugin there, with the engine of test/engine/faults.c. */

import { readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { syscallNumbers } from '../../shared/kernel/syscall.ts'
import { type Answer, type Call, callAlone, started } from './plugin.ts'
import { until } from './until.ts'

/** The calls that change the state of the machine, and those that a change depends on. */
export const changing = [
  'openat',
  'mkdirat',
  'linkat',
  'symlinkat',
  'renameat2',
  'unlinkat',
  'mknodat',
  'fchownat',
  'fchmodat',
  'fsopen',
  'fsconfig',
  'fsmount',
  'write',
  'pwrite64',
  'utimensat',
  'fsync',
  'ftruncate',
  'flock',
  'socket',
  'connect',
  'bind',
  'setsockopt',
  'setns',
  'sendto',
  'sendmsg',
  'recvfrom',
  'execve',
  'clone',
] as const

export type ChangingCall = (typeof changing)[number]

/** One failure: the n-th call of this name. */
export interface Fault {
  syscall: ChangingCall
  nth: number
}

/** The engine does not make these by `syscall`: libc makes the first for programs, the second for helpers; iptables makes the third. */
const [execve, clone, sendmsg] = process.arch === 'arm64' ? [221, 220, 211] : [59, 56, 46]
const numbers: Record<ChangingCall, number> = { ...syscallNumbers, execve, clone, sendmsg }

const trace = '/run/test/calls'

/** Every possible fault of a plugin's call, from a trace of one run. The call takes effect. @throws Error when it fails */
export async function faultsOf(request: Call): Promise<Fault[]> {
  rmSync(trace, { force: true })
  const { status, json, stderr } = await withEnvironment(request, { PATCHBAY_CALLS: trace })
  if (status !== 0)
    throw new Error(`${request.verb} failed without a fault: ${JSON.stringify(json) ?? stderr}`)
  const made = new Set(readFileSync(trace, 'utf8').trimEnd().split('\n'))
  return [...made].flatMap((line) => {
    const [number, nth] = line.split(':').map(Number)
    const syscall = changing.find((name) => numbers[name] === number)
    return syscall && nth ? [{ syscall, nth }] : []
  })
}

/** What two runs in a row do alike, of five at most: where a server is slow, a run asks again, which later ones do not. */
export async function alikeTwice<Seen>(look: () => Promise<Seen>): Promise<Seen> {
  let last = await look()
  for (let runs = 1; runs < 5; runs++) {
    const before = last
    last = await look()
    if (isDeepStrictEqual(before, last)) break
  }
  return last
}

type ErrnoName = keyof typeof constants.errno

/** The errno of a fault. A file that cannot be opened is no damaged one: there it is one that comes and goes. */
export function usualErrno({ syscall }: Fault): ErrnoName {
  return syscall === 'openat' ? 'ENFILE' : 'EIO'
}

/** Calls a plugin with one fault. */
export function withFault(
  request: Call,
  fault: Fault,
  errno: ErrnoName = usualErrno(fault),
): Promise<Answer> {
  return injected(request, fault, constants.errno[errno])
}

/** Calls a plugin and kills it before it makes one of its calls. */
export function killedAt(request: Call, fault: Fault): Promise<Answer> {
  return injected(request, fault, 'kill')
}

/** A call of a plugin that stands still. */
export interface Paused {
  pid: number
  /** Lets it go on. @returns its answer */
  resume(): Promise<Answer>
}

/** Calls a plugin and stops it before it makes one of its calls. @returns the answer when it never makes that call */
export async function pausedAt(request: Call, { syscall, nth }: Fault): Promise<Paused | Answer> {
  const fault = `${numbers[syscall]}:${nth}:stop`
  const { pid, answer } = started(inTestEngine(request, { PATCHBAY_FAULT: fault }))
  let ended: Answer | undefined
  answer.then((value) => {
    ended = value
  })
  await until(`call ${syscall} ${nth} is reached`, () => ended !== undefined || /\) T/.test(statOf(pid)))
  const resume = () => {
    process.kill(pid, 'SIGCONT')
    return answer
  }
  return ended ?? { pid, resume }
}

/** proc_pid_stat(5): state and parent follow the name in parentheses. Empty for a process that has ended. */
export function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

function injected(request: Call, { syscall, nth }: Fault, action: number | 'kill'): Promise<Answer> {
  return withEnvironment(request, { PATCHBAY_FAULT: `${numbers[syscall]}:${nth}:${action}` })
}

async function withEnvironment(request: Call, env: Record<string, string>): Promise<Answer> {
  return callAlone(inTestEngine(request, env))
}

function inTestEngine(request: Call, env: Record<string, string>): Call {
  return { ...request, engine: 'test', env: { ...request.env, ...env } }
}
