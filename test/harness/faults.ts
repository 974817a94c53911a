/** Makes one system call of a plugin fail, with strace's fault injection. */

import { readFileSync } from 'node:fs'
import { type Answer, type Call, call } from './plugin.ts'

/** The calls that change the state of the machine, and those that a change depends on. */
const changing = [
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
  'flock',
  'socket',
  'bind',
  'setsockopt',
  'setns',
  'sendto',
  'sendmsg',
  'recvfrom',
  'execve',
]

/** One failure: the n-th call of this name. */
export interface Fault {
  syscall: string
  nth: number
}

const trace = '/run/test/strace'

/** Every possible fault of a plugin's call, from a trace of one run. The call takes effect. */
export async function faultsOf(request: Call): Promise<Fault[]> {
  const filter = changing.map((name) => `?${name}`).join(',')
  await call({ ...request, under: ['strace', '-f', '-o', trace, '-e', `trace=${filter}`] })
  const counts = new Map<string, number>()
  for (const name of madeCalls(readFileSync(trace, 'utf8'))) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].flatMap(([syscall, count]) =>
    Array.from({ length: count }, (_, index) => ({ syscall, nth: index + 1 })),
  )
}

/** The names in a trace with lines `PID NAME(…`. The first execve is strace's own. */
function madeCalls(text: string): string[] {
  const names = [...text.matchAll(/^\d+ +(\w+)\(/gm)].map(([, name = '']) => name)
  return names.filter((name, index) => index > 0 || name !== 'execve')
}

/** Calls a plugin with one fault. */
export function withFault(request: Call, fault: Fault, errno = 'EIO'): Promise<Answer> {
  return injected(request, fault, `error=${errno}`)
}

/** Calls a plugin and kills it before it makes one of its calls. */
export function killedAt(request: Call, fault: Fault): Promise<Answer> {
  return injected(request, fault, 'error=EIO:signal=KILL')
}

function injected(request: Call, { syscall, nth }: Fault, what: string): Promise<Answer> {
  const when = syscall === 'execve' ? nth + 1 : nth
  const inject = `inject=${syscall}:${what}:when=${when}`
  return call({
    ...request,
    under: ['strace', '-f', '-q', '-o', trace, '-e', `trace=${syscall}`, '-e', inject],
  })
}
