/**
 * An index beside the reference's files, so that no call reads them all: the addresses of each attachment (attachments.ts)
 * and the taken addresses (pages.ts). It is valid during one boot, until another program changes the network's directory.
 */

import type { Address } from '../../ip/address.ts'
import { bootId } from '../../kernel/boot.ts'
import { wallClock } from '../../kernel/clock.ts'
import { KernelError } from '../../kernel/errno.ts'
import { setMtime } from '../../kernel/files.ts'
import { stat } from '../../kernel/stat.ts'
import type { FirstFree } from '../allocate.ts'
import { countFree, firstFree, PAGE_BYTES, placeOf } from '../taken.ts'
import { entryNames, readEntry, writeEntries, writeEntry } from './attachments.ts'
import type { Entry } from './entries.ts'
import { type ChangedPage, readPage, replacePages, writePages } from './pages.ts'

/** The directory of a network's indexes. It is below `.patchbay`, which is not a valid network name. */
export function indexHome(directory: string): string {
  const slash = directory.lastIndexOf('/')
  return `${directory.slice(0, slash)}/.patchbay${directory.slice(slash)}`
}

/** The directory of this boot's index. */
export function indexRoot(directory: string): string {
  return `${indexHome(directory)}/${bootId() ?? 'unknown-boot'}`
}

export interface Index {
  /** The entry of an attachment, by its name (entryName). */
  entry(name: string): Entry | undefined
  setEntry(name: string, entry: Entry | undefined): void
  /** The names of all entries that begin with a prefix. */
  names(prefix: string): string[]
  firstFree: FirstFree
  /** How many addresses from `from` to `to` are free: counted until there are enough. */
  countFree(from: Address, to: Address, enough: number): number
  mark(address: Address, taken: boolean): void
  /** The next call rebuilds the index. */
  invalidate(): void
  /** Writes the changes to disk; when that fails, the next call rebuilds the index. */
  save(): void
}

/** The end of 1970, nanoseconds since the epoch. The kernel writes no earlier time: such a time was set by us. */
const END_OF_1970 = 365n * 24n * 3600n * 1_000_000_000n

/**
 * The time that shows that the directory is unchanged since its index was saved; undefined when it was changed. Saving gives both
 * the same mtime, in 1970; any later change of the directory sets its mtime to the present.
 */
export function currentMark(directory: string, root: string): bigint | undefined {
  const [own, index] = [stat(directory)?.mtime, stat(root)?.mtime]
  return own !== undefined && own === index && own < END_OF_1970 ? own : undefined
}

/** Gives both directories the same mtime: the present time divided by 1000, so in 1970, and unique to a microsecond. */
function markCurrent(directory: string, root: string): void {
  const mark = wallClock() / 1000n
  setMtime(root, mark)
  setMtime(directory, mark)
}

/** Reads the parts of an index from disk. */
interface Source {
  entry(name: string): Entry | undefined
  names(prefix: string): string[]
  page(name: string): Uint8Array | undefined
}

/** The index on disk; it must be current. */
export function savedIndex(directory: string, root: string): Index {
  const source = {
    entry: (name: string) => readEntry(root, name),
    names: (prefix: string) => entryNames(root, prefix),
    page: (name: string) => readPage(root, name),
  }
  return makeIndex(source, ({ entries, pages }) => {
    if (entries.size + pages.size === 0) return
    for (const [name, entry] of entries) writeEntry(root, name, entry)
    writePages(root, pages)
    markCurrent(directory, root)
  })
}

/** An empty index, which replaces the one on disk. */
export function newIndex(directory: string, root: string): Index {
  const nothing = { entry: () => undefined, names: () => [], page: () => undefined }
  return makeIndex(nothing, ({ entries, pages }) => {
    writeEntries(root, entries)
    replacePages(root, pages)
    markCurrent(directory, root)
  })
}

/** The changes of a call, written at its end. The keys are names of entries and of pages. */
interface Changes {
  /** Undefined: removed. */
  entries: Map<string, Entry | undefined>
  pages: Map<string, ChangedPage>
}

function makeIndex(source: Source, write: (changes: Changes) => void): Index {
  const changes: Changes = { entries: new Map(), pages: new Map() }
  const known = new Map<string, Entry | undefined>()
  const pages = new Map<string, Uint8Array | undefined>()
  let isValid = true
  const pageOf = (name: string) => {
    if (!pages.has(name)) pages.set(name, source.page(name))
    return pages.get(name)
  }
  return {
    entry(name) {
      if (changes.entries.has(name)) return changes.entries.get(name)
      if (!known.has(name)) known.set(name, source.entry(name))
      return known.get(name)
    },
    setEntry: (name, entry) => void changes.entries.set(name, entry),
    names: (prefix) => {
      const changed = [...changes.entries.keys()].filter((name) => name.startsWith(prefix))
      return [...new Set([...source.names(prefix), ...changed])]
    },
    firstFree: (from, to) => firstFree(pageOf, from, to),
    countFree: (from, to, enough) => countFree(pageOf, from, to, enough),
    mark(address, taken) {
      const place = placeOf(address)
      const page = whole(pageOf(place.page))
      const byte = page[place.byte] ?? 0
      page[place.byte] = taken ? byte | place.mask : byte & ~place.mask
      pages.set(place.page, page)
      const { from, to } = changes.pages.get(place.page) ?? { from: place.byte, to: place.byte }
      changes.pages.set(place.page, {
        page,
        from: Math.min(from, place.byte),
        to: Math.max(to, place.byte),
      })
    },
    invalidate: () => {
      isValid = false
    },
    save() {
      try {
        if (isValid) write(changes)
      } catch (error) {
        // For example a full disk: the index is not marked as current, so the next call rebuilds it.
        if (!(error instanceof KernelError)) throw error
      }
    },
  }
}

function whole(page: Uint8Array | undefined): Uint8Array {
  if (page?.length === PAGE_BYTES) return page
  const bytes = new Uint8Array(PAGE_BYTES)
  // A damaged page may be longer.
  if (page) bytes.set(page.subarray(0, PAGE_BYTES))
  return bytes
}
