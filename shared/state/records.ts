/**
 * Records of state that the kernel does not store: one JSON file each, below `/run`, which a reboot empties together with
 * the kernel's state. A damaged record is reported and set aside, and then counts as absent.
 */

import * as z from 'zod/mini'
import { jsonIn } from '../config/json.ts'
import type { Output, Schema } from '../config/schema.ts'
import { printError } from '../error/log.ts'
import { tolerate } from '../kernel/errno.ts'
import {
  makeDirectory,
  Open,
  readDirectoryIfAny,
  readFileIfAny,
  remove,
  rename,
  withFile,
  writeAll,
} from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'
import { stateDirectory } from '../kernel/state-directory.ts'

/** The records of one kind. To write one, hold the lock of its subject. */
export interface Records<T> {
  /** The record of a key; undefined when absent or damaged. @throws KernelError when it cannot be read */
  read(key: string): T | undefined
  /** Whether there is a record, or the draft of a killed writer: what `remove` removes. @throws as `read` */
  hasTrace(key: string): boolean
  /** Whether a damaged record of this key was set aside since the last boot. */
  wasDamaged(key: string): boolean
  /** Writes or replaces a record, atomically. @throws KernelError */
  write(key: string, record: T): void
  /** Removes a record and the draft of a killed writer, if they exist. A damaged record that was set aside stays. */
  remove(key: string): void
  /** The keys of all records. */
  names(): string[]
  /** All records. Slow on a node with many containers: only for GC and errors. */
  all(): T[]
}

const suffix = '.json'

/**
 * The records of a kind.
 * @param folder of the kind, below the state directory
 * @param schema makes the schema of a record, when the first one is read: a record that does not match it is damaged; unknown keys are ignored
 */
export function records<S extends Schema>(
  folder: string,
  schema: () => S,
  root = stateDirectory,
): Records<Output<S>> {
  const directory = `${root}/${folder}`
  const fileOf = (key: string) => `${directory}/${key}${suffix}`
  let made: S | undefined
  const once = () => {
    made ??= schema()
    return made
  }
  const read = (key: string) => readRecord(fileOf(key), once)
  return {
    read,
    hasTrace: (key) => read(key) !== undefined || stat(draftOf(fileOf(key))) !== undefined,
    wasDamaged: (key) => stat(damagedOf(fileOf(key))) !== undefined,
    write(key, record) {
      makeDirectory(directory, 0o700)
      writeRecord(fileOf(key), JSON.stringify(record))
    },
    remove: (key) => removeRecord(fileOf(key)),
    names: () => keysIn(directory),
    all: () => keysIn(directory).flatMap((key) => read(key) ?? []),
  }
}

const draftOf = (file: string) => `${file}.new`
const damagedOf = (file: string) => `${file}.damaged`

/**
 * Replaces a file atomically. Without fsync: a reboot empties the directory, or makes the file meaningless. The draft has a fixed
 * name, so a killed writer leaves at most one. @throws KernelError
 */
export function writeRecord(file: string, text: string): void {
  const draft = draftOf(file)
  try {
    withFile(draft, Open.WRONLY | Open.CREAT | Open.TRUNC, (fd) => writeAll(fd, Buffer.from(text), draft))
    rename(draft, file)
  } catch (error) {
    removeQuietly(draft)
    throw error
  }
}

/** Whether there is such a file, or the draft of a writer, which may have been killed. */
export function hasRecord(file: string): boolean {
  return stat(file) !== undefined || stat(draftOf(file)) !== undefined
}

/** Removes such a file and the draft of a killed writer, if they exist. @throws KernelError */
export function removeRecord(file: string): void {
  for (const path of [file, draftOf(file)]) remove(path)
}

/** For clean-up after another error, which is reported instead. */
function removeQuietly(path: string): void {
  try {
    remove(path)
  } catch {}
}

function readRecord<S extends Schema>(file: string, schema: () => S): Output<S> | undefined {
  const text = readFileIfAny(file)
  if (text === undefined) return undefined
  const { success, data } = z.safeParse(schema(), jsonIn(text))
  if (success) return data
  setAside(file)
  return undefined
}

/** ENOENT: another process has set it aside already. */
function setAside(file: string): void {
  printError(`patchbay: warning: ${file} is damaged: set aside as ${damagedOf(file)}`)
  tolerate(() => rename(file, damagedOf(file)), 'ENOENT')
}

function keysIn(directory: string): string[] {
  const files = readDirectoryIfAny(directory)
    .map(({ name }) => name)
    .filter((name) => name.endsWith(suffix))
  return files.map((name) => name.slice(0, -suffix.length))
}
