/** What a configuration says of reservations, in `ipam`: host-local's keys that do not depend on where the ranges are from. A pool has them, too. */

import type { Config } from '../../config/config.ts'
import {
  boolean,
  describe,
  integer,
  list,
  object,
  oneOf,
  optional,
  path,
  withDefault,
} from '../../config/schema.ts'
import { addressRequests, probe, route } from '../schema.ts'

export const defaultDataDir = '/var/lib/cni/networks'
const defaultStickySeconds = 600

export const reservationKeys = {
  routes: describe(optional(list(route)), 'Routes for the container.'),
  probe,
  resolvConf: describe(
    optional(path),
    'File in the format of resolv.conf(5): the DNS settings of the result.',
  ),
  dataDir: describe(
    withDefault(path, defaultDataDir),
    'Directory of the reservations, with one directory per network.',
  ),
  wait: describe(
    withDefault(integer({ min: 0, max: 60 }), 0),
    'Seconds to wait for a free address when all are taken.',
  ),
  statusWhenFull: describe(
    withDefault(oneOf('warn', 'fail'), 'warn'),
    'What STATUS does when no address is free: `fail` answers code 50. containerd then makes the node NotReady, which evicts its pods.',
  ),
  sticky: describe(
    withDefault(boolean, false),
    'A new container of the same pod, or with the same `STICKY_KEY`, gets the addresses of the old one.',
  ),
  stickySeconds: describe(
    withDefault(integer({ min: 1, max: 31_536_000 }), defaultStickySeconds),
    'Seconds that the addresses of a deleted container are kept for the next one of its pod or `STICKY_KEY`.',
  ),
}

const shape = { ...addressRequests, ipam: object(reservationKeys) }

/** A configuration with these keys, whatever its plugin. */
export type ReservingConfig = Config<typeof shape>

/** Seconds that addresses are kept for deleted containers: 0 when the network is not, or no longer, sticky. */
export function graceOf({ ipam }: ReservingConfig): number {
  return ipam?.sticky ? (ipam.stickySeconds ?? defaultStickySeconds) : 0
}
