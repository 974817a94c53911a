/** A pool of addresses: ranges from which hosts claim blocks. */

import {
  boolean,
  cidr,
  describe,
  integer,
  ip,
  ipOrCidr,
  keeping,
  list,
  type Output,
  optional,
} from '../config/schema.ts'
import { id } from './words.ts'

const range = keeping({
  subnet: describe(cidr, 'Subnet of the addresses.'),
  rangeStart: describe(optional(ip), 'First address to give. Default: the first of the subnet.'),
  rangeEnd: describe(optional(ip), 'Last address to give. Default: the last of the subnet.'),
  gateway: describe(
    optional(ip),
    'Gateway, which is never given out. Default: the first address of the subnet.',
  ),
  exclude: describe(optional(list(ipOrCidr)), 'Addresses and subnets that are never given.'),
})

/** A pool as its key of the store has it. A container gets one address of each family that it has. */
export const poolDefinition = keeping({
  /** A pool that is made anew under its name has another one. */
  id,
  ranges: list(range),
  /** Prefix lengths of the blocks that hosts claim. */
  blockSize: keeping({ ipv4: integer({ min: 8, max: 32 }), ipv6: integer({ min: 48, max: 128 }) }),
  /** The pool is being deleted: no new addresses are given, and blocks go back when they are empty. */
  closing: optional(boolean),
})

export type PoolDefinition = Output<typeof poolDefinition>
