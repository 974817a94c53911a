/**
 * An index beside the reference's files, so that no call reads them all: who holds what (entries.ts), and which addresses
 * are taken (taken.ts). It is of this boot, and true while the network's directory was changed by nobody else since.
 */

import type { Address } from '../../ip/address.ts'
import { bootId } from '../../kernel/boot.ts'
import { wallClock } from '../../kernel/clock.ts'
import { KernelError } from '../../kernel/errno.ts'
import {
  makeDirectory,
  readBytesIfAny,
  readDirectory,
  remove,
  removeTree,
  setMtime,
  stat,
} from '../../kernel/files.ts'
import type { FirstFree } from '../allocate.ts'
import { firstFree, PAGE_BYTES, placeOf } from '../taken.ts'
import { type Changes, entriesIn, noteByte, pagesIn, writeChanges } from './changes.ts'
import { type Entry, readEntry } from './entries.ts'

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
  /** The names of all entries. */
  names(): string[]
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
  names(): string[]
  page(name: string): Uint8Array | undefined
}

/** The index of a directory that is sealed. */
export function keptIndex(directory: string, root: string): Index {
  const source = {
    entry: (name: string) => readEntry(entriesIn(root), name),
    names: () => readDirectory(entriesIn(root)).map(({ name }) => name),
    page: (name: string) => readBytesIfAny(`${pagesIn(root)}/${name}`),
  }
  return makeIndex(source, (changes) => {
    if (changes.entries.size + changes.pages.size === 0) return
    writeChanges(changes, root)
    seal(directory, root)
  })
}

/** An index that is made anew: it knows what is put into it, and takes the place of any that was. */
export function newIndex(directory: string, root: string): Index {
  const nothing = { entry: () => undefined, names: () => [], page: () => undefined }
  return makeIndex(nothing, (changes) => {
    clear(root, changes)
    writeChanges(changes, root)
    seal(directory, root)
  })
}

/** Removes what an index had that the new one has not. */
function clear(root: string, { entries }: Changes): void {
  removeTree(pagesIn(root))
  for (const directory of [entriesIn(root), pagesIn(root)]) makeDirectory(directory, 0o700)
  for (const { name } of readDirectory(entriesIn(root)))
    if (!entries.has(name)) remove(`${entriesIn(root)}/${name}`)
}

function makeIndex(source: Source, keep: (changes: Changes) => void): Index {
  const changes: Changes = { entries: new Map(), pages: new Map() }
  const pages = new Map<string, Uint8Array | undefined>()
  let isTrusted = true
  const pageOf = (name: string) => {
    if (!pages.has(name)) pages.set(name, source.page(name))
    return pages.get(name)
  }
  return {
    entry: (name) => (changes.entries.has(name) ? changes.entries.get(name) : source.entry(name)),
    setEntry: (name, entry) => void changes.entries.set(name, entry),
    names: () => [...new Set([...source.names(), ...changes.entries.keys()])],
    firstFree: (from, to) => firstFree(pageOf, from, to),
    mark(address, taken) {
      const place = placeOf(address)
      const page = whole(pageOf(place.page))
      const byte = page[place.byte] ?? 0
      page[place.byte] = taken ? byte | place.mask : byte & ~place.mask
      pages.set(place.page, page)
      noteByte(changes, place, page)
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
