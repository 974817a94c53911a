/** What the records of an attachment say, where no cache has it: its addresses, its files and since when they are there. */

import { attachmentHash } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import type { PortmapRecord } from '../../shared/firewall/portmap-record.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import { lstat } from '../../shared/kernel/stat.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { noted } from '../../shared/state/noted.ts'
import type { Sighting } from './sighting.ts'

/** Of masquerade and host ports with prefix lengths; those of host-local have none. */
export function recordedAddresses(
  attachment: Attachment,
  seen: readonly Sighting[],
  ports: PortmapRecord | undefined,
): string[] {
  const isMasqueraded = seen.some(({ source }) => source === `${stateDirectory}/firewall/ipMasq`)
  const noteWords = isMasqueraded ? (noted('firewall/ipMasq').find(attachment)?.more ?? '').split(' ') : []
  const words = [...noteWords, ...(ports?.rules ?? []).map(({ address }) => address)]
  const cidrs = new Set(words.flatMap((word) => parseCidr(word) ?? []).map(formatCidr))
  if (cidrs.size > 0) return [...cidrs]
  return seen.flatMap(({ source }) => {
    const file = source.slice(source.lastIndexOf('/') + 1)
    return parseAddress(file) ? [file] : []
  })
}

/** The files of ours that name an attachment. Notes are symlinks, records are JSON. */
export function filesOf(attachment: Attachment, seen: readonly Sighting[]): string[] {
  const hash = attachmentHash(attachment)
  const files = seen.flatMap(({ source }) =>
    source.startsWith(`${stateDirectory}/`)
      ? [`${source}/${hash}`, `${source}/${hash}.json`].filter((file) => lstat(file))
      : [source],
  )
  return [...new Set(files)]
}

/** When the first of these files was written, nanoseconds since the epoch. */
export function timeOfRecords(attachment: Attachment, seen: readonly Sighting[]): bigint | undefined {
  const times = seen.flatMap(({ place }) => (place?.written ? BigInt(place.written) : []))
  const [first] = times
  if (first !== undefined) return first
  const files = filesOf(attachment, seen).flatMap((file) => lstat(file)?.mtime ?? [])
  return files.reduce<bigint | undefined>(
    (least, one) => (least === undefined || one < least ? one : least),
    undefined,
  )
}
