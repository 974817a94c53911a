/** Executes a built plugin, whatever its input, and takes all that comes out. */

import { execa } from 'execa'
import { executables } from '../../harness/plugin.ts'
import { delegates } from './delegate.ts'

/** Seconds after which a call counts as one that hangs. */
export const patience = 20

/** One execution: environment and standard input as they are. */
export interface Execution {
  plugin: string
  env: Record<string, string>
  input: Buffer
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
}

/** The directories of CNI_PATH: ours, and that of the delegate. */
export function cniPath({ executables }: Place): string {
  return `${executables}:${delegates}`
}

export async function execute({ plugin, env, input }: Execution, place: Place): Promise<Outcome> {
  const { exitCode, signal, timedOut, stdout, stderr } = await execa(`${place.executables}/${plugin}`, [], {
    env,
    extendEnv: false,
    input,
    reject: false,
    stripFinalNewline: false,
    timeout: place.patience * 1000,
    killSignal: 'SIGKILL',
  })
  return { status: exitCode, signal, timedOut, stdout, stderr }
}

export function usualPlace(): Place {
  return { executables: executables(), patience }
}
