/** Which test names each file has, remembered from earlier runs: `npm test -- -t TEXT` then runs only the files that matter. */

import { globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFullRun } from '../harness/full.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.cache')
/** A full run has more tests. */
const path = join(cache, isFullRun() ? 'test-names-full.json' : 'test-names.json')

/** The names that a file wrote after its summary (test/harness/test.ts). */
const written = /\0names (\[.*\])\n?/

type Names = Record<string, { seen: number; names: string[] }>

const known: Names = read()

/** What cannot be read is not known. */
function read(): Names {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}

/** Takes the names out of a file's output. @returns the rest of the output */
export function withoutNames(file: string, output: string): string {
  const [, names] = written.exec(output) ?? []
  if (names) known[file] = { seen: Date.now(), names: JSON.parse(names) }
  return output.replace(written, '')
}

export function saveNames(): void {
  mkdirSync(cache, { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(known))
  renameSync(draft, path)
}

/** The files that have a test with this text in its name, and those whose names are not known. */
export function filesWith(text: string, files: readonly string[]): string[] {
  const sources = globSync(['test/harness/*.ts', 'conf-examples/*', 'test/fuzz/corpus/*'], { cwd: root })
  const harness = Math.max(...sources.map(changed))
  return files.filter((file) => {
    const { seen, names } = known[file] ?? { seen: 0, names: [] }
    const isKnown = seen > changed(file) && seen > harness
    return !isKnown || names.some((name) => name.includes(text))
  })
}

function changed(file: string): number {
  return statSync(join(root, file)).mtimeMs
}
