/** A world: a private host with a root of its own, in which cases are played one after another. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { scratch } from '../../harness/host.ts'
import type { Case, Finding } from './case.ts'
import type { Reply } from './inside.ts'
import { type Place, usualPlace } from './outcome.ts'

export interface World {
  /** Plays a case and returns what was found. */
  play(input: Case): Promise<Finding[]>
  end(): void
}

/** A new world; the caller is on a private host. A case that leaves the world changed gets a new one after it. */
export function newWorld(place: Place = usualPlace()): World {
  let inside: Promise<ChildProcess> | undefined
  return {
    async play(input) {
      inside ??= start(place)
      const child = await inside
      child.send(input)
      const { findings, usable } = (await messageOf(child)) as Reply
      if (!usable) {
        child.disconnect()
        inside = undefined
      }
      return findings
    },
    end: () => void inside?.then((child) => child.disconnect()),
  }
}

const project = join(import.meta.dirname, '../../..')

async function start(place: Place): Promise<ChildProcess> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child']
  const root = [join(import.meta.dirname, 'world.sh'), `${scratch}/world`]
  const program = [
    process.execPath,
    ...process.execArgv,
    join(import.meta.dirname, 'inside.ts'),
    JSON.stringify(place),
  ]
  const mounts = [project, dirname(process.execPath), place.executables].map((path) => realpathSync(path))
  const args = [...namespaces, 'sh', ...root, ...mounts, '--', ...program]
  const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await messageOf(child)
  return child
}

/** The next message of a world. @throws when it ends before */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController()
  const { signal } = heard
  const died = async () => {
    const [status, killed] = await once(child, 'exit', { signal })
    throw new Error(`a world ended: ${killed ?? `status ${status}`}`)
  }
  try {
    return (await Promise.race([once(child, 'message', { signal }), died()]))[0]
  } finally {
    heard.abort()
  }
}
