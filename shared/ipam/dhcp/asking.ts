/** What ADD knows before it asks a server, of either family, and what it does when something fails after that. */

import type { Attachment } from '../../cni/plugin.ts'
import type { Log } from '../../error/log.ts'
import { bootId } from '../../kernel/boot.ts'
import { type Entry, namespaceId } from './journal.ts'
import type { Place } from './link.ts'
import { giveBackFrom } from './release.ts'

/** Who asks, and how. */
export interface Asking {
  attachment: Attachment & { netns: string }
  client: Entry['client']
  priority?: number
  rapidCommit: boolean
  arpProbe: boolean
  /** Of ADD, for errors. */
  seconds: number
  /** When the time is over, by now(). */
  deadline: number
  log: Log
}

/** How many addresses a server may give that other machines have. */
export const ATTEMPTS = 4

/** What an entry has before a server is asked. */
export type Asker = Omit<Entry, 'via' | 'lease4' | 'lease6' | 'ipv6' | 'given' | 'now'>

/** Read before: after a server's answer little may fail. */
export function askerOf({ namespace, link }: Place, asking: Asking): Asker {
  const { attachment, client, priority, rapidCommit } = asking
  const { network, containerID, ifname, netns } = attachment
  return {
    ...{ network, containerID, ifname, netns },
    namespace: namespaceId(namespace),
    boot: bootId(),
    ifindex: link.index,
    mac: link.mac,
    mtu: link.mtu,
    client,
    priority,
    rapidCommit,
  }
}

/** Does what follows a server's answer. When it fails, the server gets the addresses of the entry back. */
export function giving<T>(entry: Entry, place: Place, { log }: Asking, action: () => T): T {
  try {
    return action()
  } catch (error) {
    giveBackFrom(entry, place, log)
    throw error
  }
}
