/** `patchbay dhcp` on the private host, and what of its journal tests look at. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { filesOf, type Server, serverIn } from './dhcp-server.ts'
import { executables } from './plugin.ts'
import { ifThere } from './snapshot.ts'

export type Renewer = Server

/** Starts it, and waits until it has read the journal. */
export function startRenewer(...flags: string[]): Promise<Renewer> {
  const file = join(executables(), 'patchbay')
  return serverIn(undefined, filesOf('renewer'), { file, args: ['dhcp', ...flags], ready: 'leases' })
}

const journal = '/run/patchbay/dhcp'

/** The entry of a container. */
export function entryOf({ name }: { name: string }): Entry | undefined {
  return entries().find(({ entry }) => entry.netns?.endsWith(`/${name}`))?.entry
}

/** Changes the entry of a container, as another program's file, atomically: a renewer may read it now. */
export function changeEntry({ name }: { name: string }, change: (entry: Entry) => object): void {
  const found = entries().find(({ entry }) => entry.netns?.endsWith(`/${name}`))
  if (!found) throw new Error(`the journal has no entry of ${name}`)
  writeFile(found.path, JSON.stringify({ ...found.entry, ...change(found.entry) }))
}

function entries(): { path: string; entry: Entry }[] {
  const names = existsSync(journal) ? readdirSync(journal).filter((name) => name.endsWith('.json')) : []
  return names
    .map((name) => join(journal, name))
    .flatMap((path) => ifThere(() => [{ path, entry: JSON.parse(readFileSync(path, 'utf8')) }]))
}
