/**
 * Records of what the kernel cannot be asked: a JSON file each, below `/run`, which a reboot empties as it does the kernel.
 * A damaged record is reported and set aside; to its reader there is none.
 */

import * as z from 'zod/mini'
import type { Output, Schema } from '../config/schema.ts'
import { printError } from '../error/log.ts'
import { tolerate } from '../kernel/errno.ts'
import {
  makeDirectory,
  Open,
  readDirectory,
  readFileIfAny,
  remove,
  rename,
  stat,
  withFile,
  writeAll,
} from '../kernel/files.ts'
import { stateDirectory } from './directory.ts'

/** The records of one kind. Who writes one holds the lock of what it is about. */
export interface Records<T> {
  /** The record of a key. @throws KernelError when it cannot be read, other than that there is none */
  read(key: string): T | undefined
  /** Whether a record of this key was damaged since the last boot, so that what it said is lost. */
  wasDamaged(key: string): boolean
  /** Writes a record, which replaces the one before at once or not at all. @throws KernelError */
  write(key: string, record: T): void
  /** Removes a record, with what a killed writer left; nothing happens when there is none. A damaged one stays aside. */
  remove(key: string): void
  /** All records: their number grows with the node, so only GC and errors ask for them. */
  all(): T[]
}

const suffix = '.json'

/**
 * A kind of record.
 * @param folder of the kind, below the state directory
 * @param schema of a record: one that does not fit is damaged, keys that it does not know are ignored
 */
export function records<S extends Schema>(
  folder: string,
  schema: S,
  root = stateDirectory,
): Records<Output<S>> {
  const directory = `${root}/${folder}`
  const fileOf = (key: string) => `${directory}/${key}${suffix}`
  const read = (key: string) => readRecord(fileOf(key), schema)
  return {
    read,
    wasDamaged: (key) => stat(damagedOf(fileOf(key))) !== undefined,
    write(key, record) {
      makeDirectory(directory, 0o700)
      writeRecord(fileOf(key), JSON.stringify(record))
    },
    remove(key) {
      for (const path of [fileOf(key), draftOf(fileOf(key))]) remove(path)
    },
    all: () => keysIn(directory).flatMap((key) => read(key) ?? []),
  }
}

const draftOf = (file: string) => `${file}.new`
const damagedOf = (file: string) => `${file}.damaged`

/** No fsync: the directory does not outlive the boot. The draft's name is fixed, so a killed writer leaves one at most. */
function writeRecord(file: string, text: string): void {
  const draft = draftOf(file)
  try {
    withFile(draft, Open.WRONLY | Open.CREAT | Open.TRUNC, (fd) => writeAll(fd, Buffer.from(text), draft))
    rename(draft, file)
  } catch (error) {
    removeQuietly(draft)
    throw error
  }
}

/** After an error that is told already. */
function removeQuietly(path: string): void {
  try {
    remove(path)
  } catch {}
}

function readRecord<S extends Schema>(file: string, schema: S): Output<S> | undefined {
  const text = readFileIfAny(file)
  if (text === undefined) return undefined
  const { success, data } = z.safeParse(schema, parseJson(text))
  if (success) return data
  setAside(file)
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Another process may have done the same already. */
function setAside(file: string): void {
  printError(`patchbay: warning: ${file} is damaged: set aside as ${damagedOf(file)}`)
  tolerate(() => rename(file, damagedOf(file)), 'ENOENT')
}

function keysIn(directory: string): string[] {
  const entries = tolerate(() => readDirectory(directory), 'ENOENT') ?? []
  const files = entries.map(({ name }) => name).filter((name) => name.endsWith(suffix))
  return files.map((name) => name.slice(0, -suffix.length))
}
