/** What this host has, as all sources together tell it now. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { type Cached, sightingsIn } from './cache-entry.ts'
import { cachedNow, readCaches } from './caches.ts'
import { type Configurations, readConfigurations } from './configurations.ts'
import { containersOf, type Judged, livesNow, withLife } from './containers.ts'
import { dataDirsOf } from './data-dirs.ts'
import { type LeftOut, trying } from './left-out.ts'
import type { Sighting } from './sighting.ts'
import { allSightings, sightingsOf } from './sightings.ts'

export interface Host {
  configurations: Configurations
  /** Where host-local keeps addresses. */
  dataDirs: readonly string[]
  containers: readonly Judged[]
  /** What each file says, with the name of the interface that the runtime knows. */
  sightings: readonly Sighting[]
}

/** Looks at everything. @throws KernelError */
export function lookAtHost(leftOut: LeftOut): Host {
  const cached = readCaches(leftOut)
  const configurations = readConfigurations(cached, leftOut)
  const isReadable = (path: string) => trying(path, (one) => [readDirectoryIfAny(one)], leftOut).length > 0
  const dataDirs = dataDirsOf(configurations).filter(isReadable)
  const sightings = [...cached.flatMap(sightingsIn), ...allSightings(dataDirs)]
  return { configurations, dataDirs, containers: withLife(containersOf(sightings)), sightings }
}

/** What files say of one attachment at this moment. */
export interface One {
  /** The caches' entries. */
  cached: Cached[]
  /** The files of ours that name it. */
  seen: Sighting[]
  lives: boolean
}

/** Looks at one attachment. Costs the same however many there are. @throws KernelError */
export function lookAtOne(attachment: Attachment, { dataDirs }: Host): One {
  const cached = cachedNow(attachment)
  const seen = sightingsOf(attachment, dataDirs)
  return { cached, seen, lives: livesNow(attachment, [...cached.flatMap(sightingsIn), ...seen]) }
}
