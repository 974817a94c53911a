/**
 * An index beside the reference's files, so that no call reads them all: who holds what (attachments.ts), and which addresses
 * are taken (taken.ts). It is of this boot, and true while the network's directory was changed by nobody else since.
 */

import type { Address } from '../../ip/address.ts'
import { bootId } from '../../kernel/boot.ts'
import { wallClock } from '../../kernel/clock.ts'
import { KernelError } from '../../kernel/errno.ts'
import { makeDirectory, readBytesIfAny, removeTree, setMtime, stat } from '../../kernel/files.ts'
import { writeAt } from '../../kernel/in-place.ts'
import type { FirstFree } from '../allocate.ts'
import { firstFree, PAGE_BYTES, placeOf } from '../taken.ts'
import { entryNames, readEntry, writeEntries, writeEntry } from './attachments.ts'
import type { Entry } from './entries.ts'

/** Where a network's index is: a name that no network can have keeps it out of the reference's way. */
export function indexHome(directory: string): string {
  const slash = directory.lastIndexOf('/')
  return `${directory.slice(0, slash)}/.patchbay${directory.slice(slash)}`
}

/** The directory of this boot's index. */
export function indexRoot(directory: string): string {
  return `${indexHome(directory)}/${bootId() ?? 'unknown-boot'}`
}

export interface Index {
  /** What is known of an attachment, by the name of its entry. */
  entry(name: string): Entry | undefined
  setEntry(name: string, entry: Entry | undefined): void
  /** The names of all entries that begin so. */
  names(prefix: string): string[]
  firstFree: FirstFree
  mark(address: Address, taken: boolean): void
  /** Has the next call make the index anew. */
  doubt(): void
  /** Keeps what was changed; when that fails, the next call makes the index anew. */
  seal(): void
}

/** The first year of the epoch, in which no clock runs: a time in it was set by us. */
const TIMELESS = 365n * 24n * 3600n * 1_000_000_000n

/**
 * Whether nobody changed the directory since its index was sealed. Both bear the same time then, and no change that the
 * kernel notes can bring that time about again.
 */
export function isSealed(directory: string, root: string): boolean {
  const [own, index] = [stat(directory)?.mtime, stat(root)?.mtime]
  return own !== undefined && own === index && own < TIMELESS
}

/** Seals an index: the present time, slowed down to stay in the year 1970, is unique to a microsecond. */
function seal(directory: string, root: string): void {
  const mark = wallClock() / 1000n
  setMtime(root, mark)
  setMtime(directory, mark)
}

/** Where an index that is not in memory is read from. */
interface Source {
  entry(name: string): Entry | undefined
  names(prefix: string): string[]
  page(name: string): Uint8Array | undefined
}

/** The index of a directory that is sealed. */
export function keptIndex(directory: string, root: string): Index {
  const source = {
    entry: (name: string) => readEntry(root, name),
    names: (prefix: string) => entryNames(root, prefix),
    page: (name: string) => readBytesIfAny(`${pagesIn(root)}/${name}`),
  }
  return makeIndex(source, ({ entries, pages }) => {
    if (entries.size + pages.size === 0) return
    for (const [name, entry] of entries) writeEntry(root, name, entry)
    writePages(root, pages)
    seal(directory, root)
  })
}

/** An index that is made anew: it knows what is put into it, and takes the place of any that was. */
export function newIndex(directory: string, root: string): Index {
  const nothing = { entry: () => undefined, names: () => [], page: () => undefined }
  return makeIndex(nothing, ({ entries, pages }) => {
    writeEntries(root, entries)
    removeTree(pagesIn(root))
    makeDirectory(pagesIn(root), 0o700)
    writePages(root, pages)
    seal(directory, root)
  })
}

const pagesIn = (root: string) => `${root}/taken`

function writePages(root: string, pages: Changes['pages']): void {
  for (const [name, { page, from, to }] of pages)
    writeAt(`${pagesIn(root)}/${name}`, from, page.subarray(from, to + 1))
}

/** What a call changed, to be written when it is done; both by name. */
interface Changes {
  /** Undefined for one that is gone. */
  entries: Map<string, Entry | undefined>
  /** Pages, with the first and the last byte that was changed. */
  pages: Map<string, { page: Uint8Array; from: number; to: number }>
}

function makeIndex(source: Source, keep: (changes: Changes) => void): Index {
  const changes: Changes = { entries: new Map(), pages: new Map() }
  const known = new Map<string, Entry | undefined>()
  const pages = new Map<string, Uint8Array | undefined>()
  let isTrusted = true
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
    doubt: () => {
      isTrusted = false
    },
    seal() {
      try {
        if (isTrusted) keep(changes)
      } catch (error) {
        // A full disk, say: the index stays unsealed, and the next call makes it anew.
        if (!(error instanceof KernelError)) throw error
      }
    },
  }
}

function whole(page: Uint8Array | undefined): Uint8Array {
  if (page?.length === PAGE_BYTES) return page
  const bytes = new Uint8Array(PAGE_BYTES)
  if (page) bytes.set(page)
  return bytes
}
