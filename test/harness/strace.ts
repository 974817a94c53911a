/** The control of faults.ts: strace makes calls of the shipped executable fail, or of programs that a plugin runs. */

import { readFileSync } from 'node:fs'
import { changing, type Fault, usualErrno } from './faults.ts'
import { type Answer, type Call, call } from './plugin.ts'

const trace = '/run/test/strace'

/** strace counts the calls of each process, so the execve of a child has no number of its own. */
const traced = changing.filter((name) => name !== 'execve')

/** Every possible fault of a plugin's call, from a trace of one run. The call takes effect. */
export async function faultsOf(request: Call): Promise<Fault[]> {
  await underStrace(request, ['-e', `trace=${traced.join(',')}`])
  return faultsIn(trace)
}

/** The calls in a trace with lines `PID NAME(…`, in its order. */
export function faultsIn(file: string): Fault[] {
  const counts = new Map<string, number>()
  return [...readFileSync(file, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)].flatMap(([, name = '']) => {
    const syscall = traced.find((known) => known === name)
    const nth = (counts.get(name) ?? 0) + 1
    counts.set(name, nth)
    return syscall ? [{ syscall, nth }] : []
  })
}

/** Calls a plugin with one fault. */
export function withFault(request: Call, fault: Fault): Promise<Answer> {
  return underStrace(request, optionsFor(fault))
}

/** The options of strace that make a call fail. */
export function optionsFor(fault: Fault): string[] {
  const { syscall, nth } = fault
  return ['-e', `trace=${syscall}`, '-e', `inject=${syscall}:error=${usualErrno(fault)}:when=${nth}`]
}

function underStrace(request: Call, options: readonly string[]): Promise<Answer> {
  return call({ ...request, under: ['strace', '-f', '-q', '-o', trace, ...options] })
}
