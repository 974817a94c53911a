/** Runs a test program on a private host. This module loads little: a test file that is run by hand loads it in front of its own. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { reaping } from './reaping.ts'
import { refuse } from './refuse.ts'
import { difference, type Snapshot, snapshot } from './snapshot.ts'

/** Environment variable of a test program that already runs on its private host. */
export const mark = 'PATCHBAY_PRIVATE_HOST'

/**
 * Runs Node in network, mount and process namespaces of its own, and looks whether the machine outside is unchanged.
 * @param args Node's arguments
 * @param timeout milliseconds
 * @returns the exit status; 1 when the machine was changed, null when the program was stopped
 */
export function runPrivately(args: readonly string[], timeout?: number): number | null {
  const changes = watchMachine()
  const status = start(args, timeout)
  const changed = changes()
  if (changed === '') return status
  console.error(changed)
  return 1
}

/** The command that runs Node so. */
export function privateCommand(args: readonly string[]): [program: string, ...args: string[]] {
  const ending = ['--pdeathsig', 'SIGKILL'] // a file that is stopped after its time leaves nothing running
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const program = ['env', `${mark}=1`, process.execPath, ...args]
  return ['setpriv', ...ending, 'unshare', ...namespaces, ...reaping, ...program]
}

/** Looks at the machine's own network. @returns what has changed since, for the user; empty without changes */
export function watchMachine(): () => string {
  const before = machine()
  return () => {
    const changed = difference(before, machine())
    return changed.length === 0 ? '' : `the machine's own network was changed:\n${changed.join('\n')}`
  }
}

function start(args: readonly string[], timeout?: number): number | null {
  const [program, ...words] = privateCommand(args)
  const options = { stdio: 'inherit', timeout, killSignal: 'SIGKILL' } as const
  const { status, error } = spawnSync(program, words, options)
  const isStopped = error && 'code' in error && error.code === 'ETIMEDOUT'
  if (error && !isStopped) refuse(`no private network namespace can be made here: ${error.message}`)
  return status
}

/** The part of the machine's own network that a plugin could change. */
function machine(): Snapshot {
  return snapshot(['/run/netns', '/var/lib/cni'].filter((path) => existsSync(path)))
}
