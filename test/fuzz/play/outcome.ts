/** Calls a plugin: a built executable, whatever its input, and takes all that comes out. */

import { executables } from '../../harness/plugin.ts'
import { start } from '../../harness/program.ts'
import type { Case, Lie } from './case.ts'
import { delegates } from './delegate.ts'

/** Seconds after which a call counts as one that hangs. */
export const patience = 20

/** One execution: arguments, environment and standard input as they are. */
export interface Execution {
  plugin: string
  args: string[]
  env: Record<string, string>
  input: Buffer
  /** Changes of what the kernel answers; only within this process. */
  lies?: readonly Lie[]
}

export interface Outcome {
  /** Undefined after a signal. */
  status?: number
  signal?: string
  timedOut: boolean
  stdout: string
  stderr: string
}

/** Where the executables are. */
export interface Place {
  executables: string
  /** Seconds that a call may take. */
  patience: number
  /** Calls are made within a Node process, so that cases can change what the kernel answers. */
  inProcess?: boolean
}

/** The directories of CNI_PATH: ours, and that of the delegate. */
export function cniPath({ executables }: Place): string {
  return `${executables}:${delegates}`
}

export async function execute(execution: Execution, place: Place): Promise<Outcome> {
  if (place.inProcess) return (await import('./in-process.ts')).executeInProcess(execution)
  const { plugin, args, env, input } = execution
  const timeout = place.patience * 1000
  const { status, signal, ...rest } = await start(`${place.executables}/${plugin}`, args, {
    env,
    input,
    timeout,
  }).ended
  return { status: status ?? undefined, signal: signal ?? undefined, ...rest }
}

export function usualPlace(): Place {
  return { executables: executables(), patience }
}

/** Where a case is played. */
export function placeOf({ lies }: Case): Place {
  return { ...usualPlace(), inProcess: lies !== undefined }
}
