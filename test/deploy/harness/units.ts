/** Units of deploy/systemd, and programs for them, in a copy of the machine. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MachineCopy } from './machine-copy.ts'

const units = join(import.meta.dirname, '../../../deploy/systemd')

/** Puts a unit into the copy. It does not wait for a whole boot, and has the settings besides. */
export function placeUnit(
  { path }: MachineCopy,
  name: string,
  settings = '',
  changed = (text: string) => text,
): void {
  const file = path(`/etc/systemd/system/${name}`)
  writeFileSync(file, changed(readFileSync(join(units, name), 'utf8')))
  mkdirSync(`${file}.d`)
  writeFileSync(`${file}.d/trial.conf`, `[Unit]\nDefaultDependencies=no\n${settings}`)
}

/** Writes a shell script that can be executed. */
export function placeProgram({ path }: MachineCopy, name: string, lines: string): void {
  writeFileSync(path(name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
}
