/** `patchbay dhcp` on the private host, and what of its journal tests look at. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { filesOf, type Server } from './dhcp-server.ts'
import { executables } from './plugin.ts'
import { until } from './until.ts'

export interface Renewer extends Server {
  pid: number
}

/** Starts it, and waits until it has read the journal. */
export async function startRenewer(...flags: string[]): Promise<Renewer> {
  const path = `${filesOf('renewer')}.log`
  const output = openSync(path, 'w')
  const child = spawn(join(executables(), 'patchbay'), ['dhcp', ...flags], {
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  child.unref()
  const text = () => readFileSync(path, 'utf8')
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  await until('patchbay dhcp runs', () => {
    if (hasEnded()) throw new Error(`patchbay dhcp ended: ${text()}`)
    return text().includes('leases')
  })
  return {
    pid: child.pid ?? 0,
    log: () => text().trimEnd().split('\n'),
    signal: (name) => void child.kill(name),
    end: async (by = 'SIGKILL') => {
      if (hasEnded()) return
      child.ref()
      child.kill(by)
      await once(child, 'exit')
    },
  }
}

const journal = '/run/patchbay/dhcp'

/** The entry of a container. */
export function entryOf({ name }: { name: string }): Entry | undefined {
  return entries().find(({ entry }) => entry.netns?.endsWith(`/${name}`))?.entry
}

/** Changes the entry of a container, as another program's file. */
export function changeEntry({ name }: { name: string }, change: (entry: Entry) => object): void {
  const found = entries().find(({ entry }) => entry.netns?.endsWith(`/${name}`))
  if (!found) throw new Error(`the journal has no entry of ${name}`)
  writeFileSync(found.path, JSON.stringify({ ...found.entry, ...change(found.entry) }))
}

function entries(): { path: string; entry: Entry }[] {
  const names = existsSync(journal) ? readdirSync(journal).filter((name) => name.endsWith('.json')) : []
  return names
    .map((name) => join(journal, name))
    .map((path) => ({ path, entry: JSON.parse(readFileSync(path, 'utf8')) }))
}
