/** The control of faults.ts: the shipped executable under strace, whose faults also reach the programs that a plugin runs. */

import { readFileSync } from 'node:fs'
import { changing, type Fault } from './faults.ts'
import { type Answer, type Call, call } from './plugin.ts'

const trace = '/run/test/strace'

/** strace counts the calls of each process, so the execve of a child has no number of its own. */
const traced = changing.filter((name) => name !== 'execve')

/** Every possible fault of a plugin's call and of the programs that it runs, from a trace of one run. The call takes effect. */
export async function faultsOf(request: Call): Promise<Fault[]> {
  await underStrace(request, ['-e', `trace=${traced.join(',')}`])
  const names = [...readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)].map(([, name]) => name)
  return traced.flatMap((syscall) =>
    names.filter((name) => name === syscall).map((_, index) => ({ syscall, nth: index + 1 })),
  )
}

/** Calls a plugin with one fault, in each of its processes. */
export function withFault(request: Call, { syscall, nth }: Fault, errno = 'EIO'): Promise<Answer> {
  return underStrace(request, [
    `-e`,
    `trace=${syscall}`,
    '-e',
    `inject=${syscall}:error=${errno}:when=${nth}`,
  ])
}

function underStrace(request: Call, options: readonly string[]): Promise<Answer> {
  return call({ ...request, under: ['strace', '-f', '-q', '-o', trace, ...options] })
}
