/** The types of names and values that stand in keys of the store and in this host's files about it. */

import { integer, pattern } from '../config/schema.ts'

/** A pool's name, as a network's (spec section "Network configuration format"), so that it fits into a key. */
export const poolName = pattern(
  'a name of 1 to 63 letters, digits, ".", "_" or "-" that begins with a letter or digit',
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
)

/** A host's name: a node of Kubernetes may have 253 characters. */
export const hostName = pattern(
  'a host name of 1 to 253 letters, digits, ".", "_" or "-" that begins with a letter or digit',
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/,
)

/** A random ID. */
export const id = pattern('a UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)

/** A revision of etcd, and other counters. */
export const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
