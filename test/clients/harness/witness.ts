/** What a client sends: a script in the place of one plugin writes each call down and passes it on to the plugin. */

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './client.ts'

/** A call as the client made it. */
export interface Seen {
  command: string
  netns: string
  config: { cniVersion: string; prevResult?: unknown; runtimeConfig?: Record<string, unknown> }
}

const calls = '/run/test/calls'

/** The configuration is one line, as Go's clients write it. */
const script = (plugin: string) => `#!/bin/sh
input=$(busybox cat)
printf '%s\\t%s\\t%s\\n' "$CNI_COMMAND" "$CNI_NETNS" "$input" >>${calls}
printf '%s' "$input" | /opt/cni/seen/${plugin}
`

/** The calls of a plugin that an action leads to. */
export async function callsOf(client: Client, plugin: string, act: () => unknown): Promise<Seen[]> {
  const place = join(client.path, 'opt/cni/bin', plugin)
  rmSync(calls, { force: true })
  aside(client, plugin)
  rmSync(place)
  writeFileSync(place, script(plugin))
  chmodSync(place, 0o755)
  try {
    await act()
  } finally {
    rmSync(place)
    symlinkSync('patchbay', place)
  }
  return existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').map(seen) : []
}

/** The plugin's name elsewhere leads to the same executable. */
function aside(client: Client, plugin: string): void {
  const directory = join(client.path, 'opt/cni/seen')
  mkdirSync(directory, { recursive: true })
  rmSync(join(directory, plugin), { force: true })
  symlinkSync('../bin/patchbay', join(directory, plugin))
}

function seen(line: string): Seen {
  const [command = '', netns = '', config = ''] = line.split('\t')
  return { command, netns, config: JSON.parse(config) }
}
