/** Units of deploy/systemd, and programs for them, in a copy of the machine. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
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

/**
 * Lines of a shell that stop a unit, and before it one that does nothing. Their milliseconds are in the files `milliseconds` and `usual`.
 * Any one stop may stand still on a busy machine: of five, one has to end within a second.
 */
export const stopping = (unit: string): string =>
  `stop() { before=$(date +%s%N); systemctl stop $1; echo $((($(date +%s%N) - before) / 1000000)) > $2; }
for at in 1 2 3 4 5; do
  systemctl start ${unit}
  systemd-run --quiet --unit=usual sleep 1000; stop usual usual
  stop ${unit} milliseconds
  test $(cat milliseconds) -ge $((1000 + 4 * $(cat usual))) || break
done`

/** Asserts that the unit has ended within a second. A busy machine takes its time for any unit. @param written reads a file */
export function stopsWithinASecond(written: (name: string) => string): void {
  const [its, usual] = [written('milliseconds'), written('usual')].map(Number) as [number, number]
  assert.ok(its < 1000 + 4 * usual, `${its} ms, and ${usual} for a unit that does nothing`)
}
