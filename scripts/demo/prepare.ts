/** What an example presupposes on its host, besides NICs: made before it is tried, and gone with the host. */

import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Configuration } from '../example.ts'
import { run } from '../run.ts'
import { ip, nearHost } from './host.ts'

export async function prepare({ keyFile, key, peers, gateway }: Configuration): Promise<void> {
  if (keyFile)
    writeKeys(String(keyFile), [key, ...((peers ?? []) as { key: string }[]).map((peer) => peer.key)])
  if (gateway) await makeBus((gateway as { device: string }).device)
}

/** Fresh keys, which both hosts read. */
function writeKeys(path: string, names: unknown[]): void {
  mkdirSync(dirname(path), { recursive: true })
  const keys = names.map((name) => [name, randomBytes(16).toString('hex')])
  writeFileSync(path, JSON.stringify(Object.fromEntries(keys)), { mode: 0o600 })
}

async function makeBus(device: string): Promise<void> {
  await run('modprobe', ['can-gw'])
  await ip(nearHost, `link add ${device} up type vcan`)
}
