/** Damages the files that the plugins keep: records, reservations, host-local's index. */

import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Damage } from './case.ts'
import { filesBelow } from './files.ts'

const directories = ['/run/patchbay', '/var/lib/cni']

/** Locks hold nothing. */
const isLock = /(\/|\.)lock$/

/** Does what the entries say; an entry for a file that does not exist does nothing. */
export function damageState(entries: readonly Damage[] = []): void {
  const files = directories
    .flatMap(filesBelow)
    .filter((path) => !isLock.test(path))
    .sort()
  for (const { nth, becomes } of entries) {
    const path = files[nth]
    if (path) replace(path, becomes)
  }
}

function replace(path: string, becomes: Damage['becomes']): void {
  rmSync(path, { recursive: true, force: true })
  if (becomes === 'a link to nowhere') symlinkSync('/run/test/nowhere', path)
  else if (becomes !== 'nothing') writeFileSync(path, becomes.text, 'latin1')
}
