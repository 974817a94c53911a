/** Where the segments of VNIs work, and what each of them knows. */

import type { Socket } from '../../../shared/netlink/socket.ts'
import type { Surroundings } from '../part.ts'
import type { States } from '../states.ts'
import type { Announcer } from './announce.ts'
import type { FollowedRange } from './range.ts'
import type { Told } from './told.ts'
import type { Peer, RemoteNeighbour } from './values.ts'
import type { Vtep } from './vtep.ts'

/** How long things wait, milliseconds. */
export interface Pace {
  /** Changes that come within it are made as one. */
  gather: number
  /** An entry that is not wanted any more goes after it: keys that were deleted by mistake are written again by their hosts before. */
  removal: number
  /** After it everything is compared with the kernel. So long no entry goes after a lost watch: all hosts fill a store that was restored. */
  look: number
  /** How often news of links are read. */
  links: number
}

export interface Workplace extends Pick<Surroundings, 'connection' | 'keys' | 'host'> {
  socket: Socket
  announcer: Announcer
  /** What is wrong on this host, and in the store. */
  faults: States
  doubts: States
  /** Why the store tells nothing of a range of keys, by its prefix; undefined when it does. */
  away(prefix: string, reason: string | undefined): void
  pace: Pace
}

/** A VNI that this host serves, as it is known now. */
export interface Served {
  /** `VNI 100`: what is wrong begins with it. */
  name: string
  /** What ADD has told. */
  told: Told
  vtep: Vtep
  ranges: Ranges
}

/** What the store says of a VNI. */
export interface Ranges {
  vteps: FollowedRange<Peer>
  neighbours: FollowedRange<RemoteNeighbour>
}

export function areKnown({ vteps, neighbours }: Ranges): boolean {
  return vteps.isKnown() && neighbours.isKnown()
}
