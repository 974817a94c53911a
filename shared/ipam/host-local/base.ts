/**
 * The file of the entries that an index was made with: sorted lines in blocks of one size, searched by bisection. It is
 * written once; later entries are kept in attachments.ts.
 */

import { sync } from '../../kernel/durable.ts'
import { type Fd, rename } from '../../kernel/files.ts'
import { overwrite, readAt, sizeOf } from '../../kernel/in-place.ts'
import { readOwnIfAny, withOwnIfAny } from '../../kernel/regular.ts'
import { type Entry, formatEntry, parseEntry } from './entries.ts'

const BLOCK = 4096

/** The longest name of an entry and the space behind it, bytes. */
const LONGEST_NAME = 256

/** More than a million entries, bytes. */
const LARGEST = 2 ** 28

/** Entries of records without an interface are elsewhere: a call looks for them, too, and hardly ever are there any. */
const isInBase = (name: string) => !name.endsWith(':')

type Entries = ReadonlyMap<string, Entry | undefined>

/**
 * Writes the file over an existing one, atomically. Only sticky keys have to outlive a power loss: with them it is synced to disk.
 * @returns the entries that are not in it: those that are too long, and those of records without an interface
 * @throws KernelError
 */
export function writeBase(path: string, entries: Entries): [string, Entry][] {
  const lines: string[] = []
  const notInBase: [string, Entry][] = []
  for (const [name, entry] of entries) {
    const line = entry && `${name} ${formatEntry(entry)}\n`
    if (line && line.length <= BLOCK && isInBase(name)) lines.push(line)
    else if (entry) notInBase.push([name, entry])
  }
  const temporary = `${path}.tmp`
  overwrite(temporary, inBlocks(lines.sort()))
  if ([...entries.values()].some((entry) => entry?.sticky !== undefined)) sync(temporary)
  rename(temporary, path)
  return notInBase
}

function inBlocks(lines: readonly string[]): string {
  const blocks: string[] = []
  let block = ''
  for (const line of lines) {
    if (block.length + line.length > BLOCK) {
      blocks.push(block.padEnd(BLOCK, '\n'))
      block = ''
    }
    block += line
  }
  return blocks.join('') + block
}

/** All entries; none when the file is absent. */
export function readBase(path: string): Map<string, Entry> {
  return new Map(parseLines(readOwnIfAny(path, LARGEST)?.toString() ?? ''))
}

/** The entry of a name; undefined when the file has none. */
export function findInBase(path: string, name: string): Entry | undefined {
  if (!isInBase(name)) return undefined
  return withBlocks(path, (blocks) => parseEntry(textOf(name, blocks.read(blocks.upTo(name)))))
}

/** What is behind a name in a block. */
function textOf(name: string, block: string): string | undefined {
  const lines = `\n${block}\n`
  const line = lines.indexOf(`\n${name} `)
  const start = line + name.length + 2
  return line < 0 ? undefined : lines.slice(start, lines.indexOf('\n', start))
}

/** The names in the file that begin with a prefix. */
export function namesInBase(path: string, prefix: string): string[] {
  const names: string[] = []
  withBlocks(path, (blocks) => {
    for (let at = blocks.upTo(prefix); at < blocks.count; at++) {
      const found = linesOf(blocks.read(at)).map(nameOf)
      names.push(...found.filter((name) => name.startsWith(prefix)))
      const last = found.at(-1) ?? ''
      if (last > prefix && !last.startsWith(prefix)) break
    }
    return undefined
  })
  return names
}

interface Blocks {
  count: number
  read(at: number): string
  /** The last block whose first name is not after this one; the first block when all are after it. */
  upTo(name: string): number
}

function withBlocks<T>(path: string, use: (blocks: Blocks) => T): T | undefined {
  return withOwnIfAny(path, (fd) => use(blocksOf(fd)))
}

function blocksOf(fd: Fd): Blocks {
  const count = Math.ceil(sizeOf(fd) / BLOCK)
  const read = (at: number) => readAt(fd, at * BLOCK, BLOCK).toString()
  const firstName = (at: number) => nameOf(readAt(fd, at * BLOCK, LONGEST_NAME).toString())
  const upTo = (name: string) => {
    let [first, behind] = [0, count]
    while (behind - first > 1) {
      const middle = (first + behind) >> 1
      if (firstName(middle) <= name) first = middle
      else behind = middle
    }
    return first
  }
  return { count, read, upTo }
}

function linesOf(block: string): string[] {
  return block.split('\n').filter((line) => line !== '')
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(' '))
}

function parseLines(text: string): [string, Entry][] {
  return linesOf(text).flatMap((line) => {
    const name = nameOf(line)
    const entry = parseEntry(line.slice(name.length + 1))
    return entry ? [[name, entry]] : []
  })
}
