/** A world: a private host with a root of its own, in which cases are played one after another. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
  const playOnce = async (input: Case) => {
    inside ??= start(place)
    const child = await inside
    child.send(input)
    const { findings, usable } = (await messageOf(child, place.patience * mostCalls)) as Reply
    if (usable) return findings
    end(child)
    inside = undefined
    return findings
  }
  return {
    async play(input) {
      const findings = await playOnce(input)
      // On a busy machine a call that ends may take so long once.
      return findings.some(({ kind }) => kind === 'hang') ? playOnce(input) : findings
    },
    end: () => void inside?.then(end),
  }
}

/** Seconds, on a very busy machine. */
const longestStart = 300

/** A case has fewer calls. */
const mostCalls = 10

/** What a world answers that plays a case for too long: a call within it does not end. */
const stuck: Reply = { findings: [{ kind: 'hang', text: 'no answer' }], usable: false }

/** Ends a world, also one that is stuck. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL')
}

const project = join(import.meta.dirname, '../../..')

async function start(place: Place): Promise<ChildProcess> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child']
  const root = [join(import.meta.dirname, 'world.sh'), `${scratch}/world`]
  const lying = place.inProcess ? ['--import', join(import.meta.dirname, 'register.ts')] : []
  const program = [
    process.execPath,
    ...process.execArgv,
    ...lying,
    join(import.meta.dirname, 'inside.ts'),
    JSON.stringify(place),
  ]
  const mounts = [project, dirname(process.execPath), place.executables].map((path) => realpathSync(path))
  const args = [...namespaces, 'sh', ...root, ...mounts, '--', ...program]
  const child = spawn('unshare', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  if ((await messageOf(child, longestStart)) === 'ready') return child
  end(child)
  throw new Error(`a world was not ready in ${longestStart} s`)
}

/** The next message of a world, or that it is stuck. @throws when it ends before */
async function messageOf(child: ChildProcess, seconds: number): Promise<unknown> {
  const heard = new AbortController()
  const { signal } = heard
  const died = async () => {
    const [status, killed] = await once(child, 'exit', { signal })
    throw new Error(`a world ended: ${killed ?? `status ${status}`}`)
  }
  const answered = once(child, 'message', { signal }).then(([message]) => message)
  const waited = sleep(seconds * 1000, stuck, { signal })
  try {
    return await Promise.race([answered, waited, died()])
  } finally {
    heard.abort()
  }
}
