/** The corpus: a file for each finding of the past, with the least input that showed it. */

import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Found } from './play/case.ts'

const directory = join(import.meta.dirname, 'corpus')

/** All findings, by their file's name. */
export function corpus(): Map<string, Found> {
  const files = globSync('*.json', { cwd: directory }).sort()
  return new Map(files.map((file) => [file, JSON.parse(readFileSync(join(directory, file), 'utf8'))]))
}

/** Writes a finding. @returns the file's path */
export function keep(found: Found): string {
  const text = `${JSON.stringify(found, null, 2)}\n`
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 6)
  const name = [found.input.plugin, found.input.verb, found.kind, hash].join('-').replace(/[^\w-]+/g, '-')
  const path = join(directory, `${name}.json`)
  writeFileSync(path, text)
  return relative(process.cwd(), path)
}
