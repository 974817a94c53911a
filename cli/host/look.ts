/** The containers of this host that have networks, as all sources together tell of them now. */

import { readCaches, sightingsOf } from './caches.ts'
import { type Configurations, readConfigurations } from './configurations.ts'
import { type Container, containersOf, type Life, livesOf } from './containers.ts'
import { dataDirsOf } from './data-dirs.ts'
import { sightings } from './records.ts'

export interface Host {
  configurations: Configurations
  /** By container ID. */
  containers: ReadonlyMap<string, Container & { life: Life }>
}

/** @param leftOut is told of each file that cannot be read, and why @throws KernelError */
export function lookAround(leftOut: (file: string, why: string) => void): Host {
  const cached = readCaches((file) => leftOut(file, 'it is no entry of libcni'))
  const configurations = readConfigurations(cached, leftOut)
  const containers = containersOf([...cached.flatMap(sightingsOf), ...sightings(dataDirsOf(configurations))])
  const lives = livesOf(containers)
  return {
    configurations,
    containers: new Map(containers.map((one) => [one.id, { ...one, life: lives.get(one) ?? 'unknown' }])),
  }
}
