/** Runs a program on a disk from its beginning to its end, alone. */

import type { Disk } from './disk.ts'
import { onKernel } from './engine.ts'
import { execute, type Task, type Traits } from './kernel.ts'
import { deliver, operationOf } from './operation.ts'

/** The disk is changed. @returns what the program returns */
export function runAlone<T>(disk: Disk, traits: Traits, program: () => T): T {
  const task: Task = { pid: 9, files: new Map() }
  return onKernel((number, args) => {
    const answer = execute(operationOf(number, args), { disk, task, tasks: [task], traits })
    return deliver(answer, number, args)
  }, program)
}
