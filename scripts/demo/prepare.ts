/** Prepares the host for an example: makes the required files, runs the commands of its kind, and starts a DHCP server where it is asked. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Configuration } from '../example.ts'
import { run } from '../run.ts'
import { serve } from './dhcp.ts'
import { commandsOf, filesOf } from './kinds.ts'

export async function prepare(config: Configuration): Promise<void> {
  for (const [path, text] of Object.entries(await filesOf(config))) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o600 })
  }
  for (const command of await commandsOf(config)) {
    const [file = '', ...words] = command.split(' ')
    await run(file, words)
  }
  await serve(config)
}
