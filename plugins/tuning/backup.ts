/**
 * The file with the former attributes of the interface, in the reference's place and form, so that either suite restores what the
 * other has changed. The entry `patchbay`, which the reference ignores, is ours.
 */

import { tuningFile, tuningState } from '../../shared/attachment/tuned.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { makeDirectory, readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readOwnIfAny } from '../../shared/kernel/regular.ts'
import { explaining } from '../../shared/state/explain.ts'
import { removeRecord, writeRecord } from '../../shared/state/records.ts'
import { amongValid } from '../../shared/state/valid.ts'
import type { Kept } from './apply.ts'
import type { Attributes } from './attributes.ts'
import type { TuningConfig } from './config.ts'

type Owner = Request<TuningConfig>

export interface Backup {
  former: Attributes
  kept: Kept
}

/** The file of an attachment. */
export function backupFile({ containerID, ifname, config: { dataDir } }: Owner): string {
  return tuningFile({ containerID, ifname }, dataDir)
}

/** What the file says; undefined when there is none, or it is damaged. Entries of another type count as absent. */
export function readBackup(file: string): Backup | undefined {
  const state = tuningState(file)
  const own = isObject(state?.patchbay) ? state.patchbay : {}
  return state && { former: attributesIn(state), kept: textsIn(own.sysctl) }
}

const types = { mac: 'string', promisc: 'boolean', mtu: 'number', allmulti: 'boolean', txQLen: 'number' }

function attributesIn(state: Record<string, unknown>): Attributes {
  // As in Go, an empty address and an MTU of 0 count as absent.
  const entries = Object.entries(types).filter(([name, type]) => {
    const value = state[name]
    return typeof value === type && value !== '' && !(name === 'mtu' && value === 0)
  })
  return Object.fromEntries(entries.map(([name]) => [name, state[name]]))
}

function textsIn(value: unknown): Kept {
  const entries = isObject(value) ? Object.entries(value) : []
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/**
 * Writes the file before the attributes change. A list may have tuning twice: the values that the first one found stay.
 * @throws CniError of code 5 when it cannot be written
 */
export function keepBackup(owner: Owner, { former, kept }: Backup, undo: Undo): void {
  const file = backupFile(owner)
  const before = readOwnIfAny(file)?.toString()
  const earlier = readBackup(file)
  const { network, containerID, ifname } = owner
  const sysctl = { ...earlier?.kept, ...kept }
  const patchbay = { network, containerID, ifname, ...(Object.keys(sysctl).length > 0 && { sysctl }) }
  const text = JSON.stringify({ ...former, ...earlier?.former, patchbay }, null, 1)
  undo(() => (before === undefined ? removeRecord(file) : writeRecord(file, before)))
  write(owner.config.dataDir, file, text)
}

function write(directory: string, file: string, text: string): void {
  explaining(directory, () => {
    makeDirectory(directory, 0o700)
    writeRecord(file, text)
  })
}

/** GC: removes the files of a network's attachments that are not valid any more. The reference's own name no network, and stay. */
export function collectBackups({ network, validAttachments, config: { dataDir } }: Owner): void {
  const isValid = amongValid(validAttachments)
  for (const { name } of readDirectoryIfAny(dataDir)) {
    const file = `${dataDir}/${name}`
    const owner = name.endsWith('.json') ? ownerOf(file) : undefined
    if (owner?.network === network && !isValid(owner)) removeRecord(file)
  }
}

function ownerOf(file: string): Attachment | undefined {
  const own = tuningState(file)?.patchbay
  if (!isObject(own)) return undefined
  const { network, containerID, ifname } = own
  const isWhole = [network, containerID, ifname].every((value) => typeof value === 'string')
  return isWhole
    ? { network: String(network), containerID: String(containerID), ifname: String(ifname) }
    : undefined
}
