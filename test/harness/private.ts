/** Runs a test program on a private host. This module loads little: `npm test` runs it in front of each kernel test. */

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
  const before = machine()
  const status = start(args, timeout)
  const changed = difference(before, machine())
  if (changed.length === 0) return status
  console.error(`the machine's own network was changed:\n${changed.join('\n')}`)
  return 1
}

function start(args: readonly string[], timeout?: number): number | null {
  const ending = ['--pdeathsig', 'SIGKILL'] // a file that is stopped after its time leaves nothing running
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const command = [...ending, 'unshare', ...namespaces, ...reaping, process.execPath, ...args]
  const { status, error } = spawnSync('setpriv', command, {
    ...{ stdio: 'inherit', timeout, killSignal: 'SIGKILL' },
    env: { ...process.env, [mark]: '1' },
  })
  const isStopped = error && 'code' in error && error.code === 'ETIMEDOUT'
  if (error && !isStopped) refuse(`no private network namespace can be made here: ${error.message}`)
  return status
}

/** The part of the machine's own network that a plugin could change. */
function machine(): Snapshot {
  return snapshot(['/run/netns', '/var/lib/cni'].filter((path) => existsSync(path)))
}
