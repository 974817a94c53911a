/** The engine under the product in the model: each system call goes to a function that the model sets. */

import type { Engine, SyscallArgument } from '../../engine/engine.ts'

/** Answers a system call: its result, or `-errno`. */
export type Kernel = (number: number, args: SyscallArgument[]) => number

let kernel: Kernel = () => {
  throw new Error('a system call outside of the model')
}

/** Runs an action whose system calls a function answers. */
export function onKernel<T>(answer: Kernel, action: () => T): T {
  const outer = kernel
  kernel = answer
  try {
    return action()
  } finally {
    kernel = outer
  }
}

export { architecture } from '../../engine/node/engine.ts'

export const syscall: Engine['syscall'] = (number, ...args) => kernel(number, args)
