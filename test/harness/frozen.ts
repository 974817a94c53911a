/** Records of earlier releases: the files that one attachment had, frozen, and put in the place of those of today. */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { command } from './command.ts'

/** Where plugins keep files. */
const kept = ['/run/patchbay', '/run/cni', '/var/lib/cni']
/** What is no record: locks, and the number of the last helper. */
const passing = /\/(lock|helper|[^/]*\.lock)$/

/** Files by path: the content, or a symlink's target behind an arrow. */
export type Files = Record<string, string>

/** The files of the plugins, as they are now. */
export function recorded(): Files {
  return Object.fromEntries(kept.flatMap(filesBelow))
}

function filesBelow(directory: string): [string, string][] {
  const entries = entriesOf(directory)
  return entries.flatMap((entry): [string, string][] => {
    const path = join(directory, entry.name)
    if (passing.test(path)) return []
    if (entry.isDirectory()) return filesBelow(path)
    return [[path, entry.isSymbolicLink() ? `→ ${readlinkSync(path)}` : readFileSync(path, 'latin1')]]
  })
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Removes the files of the plugins, and writes others. */
export function replace(files: Files): void {
  for (const directory of kept) rmSync(directory, { recursive: true, force: true })
  mkdirSync('/var/lib/cni')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (text.startsWith('→ ')) symlinkSync(text.slice(2), path)
    else writeFileSync(path, text, { encoding: 'latin1', mode: 0o600 })
  }
}

/** What another machine has otherwise, by the word that stands for it in a frozen file. */
export interface Machine {
  [word: string]: string
}

/** Puts words in the place of what only this machine has. */
export function withWords(files: Files, machine: Machine): Files {
  return mapped(files, (text) =>
    Object.entries(machine).reduce((all, [word, own]) => all.replaceAll(own, `{${word}}`), text),
  )
}

/** The inverse, on another machine. */
export function withoutWords(files: Files, machine: Machine): Files {
  return mapped(files, (text) => text.replace(/\{(\w+)\}/g, (all, word) => machine[word] ?? all))
}

function mapped(files: Files, change: (text: string) => string): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [change(path), change(text)]))
}

/** This boot's ID, as records have it. */
export function bootId(): string {
  return command('cat', '/proc/sys/kernel/random/boot_id').trim()
}
