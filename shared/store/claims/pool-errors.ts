/** Why a pool cannot be as the operator wants it. */

import { CniError, Code } from '../../error/error.ts'
import { formatAddress } from '../../ip/address.ts'
import type { Cidr } from '../../ip/subnet.ts'
import type { BlockValue } from '../values.ts'

export function exists(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `there is a pool ${name} already`,
    hint: `look at it: patchbay pool show ${name}; change its ranges: patchbay pool change ${name}`,
  })
}

/** @param pool the other one */
export function overlapping(pool: string, { address, prefix }: Cidr): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `it shares addresses with pool ${pool}: ${formatAddress(address)}/${prefix}`,
    hint: `give it other ranges; look at the other: patchbay pool show ${pool}`,
  })
}

export function stillClaimed(pool: string, block: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the block at ${block} in it is still claimed, of pool ${pool}`,
    hint: `wait until it has gone back: patchbay pool show ${pool}`,
  })
}

/** @param pool is not there; hosts claim again what they held of it */
export function leftOver(pool: string, { block, host }: BlockValue): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `host ${host} holds block ${block} of pool ${pool}, which is not there`,
    hint: `create ${pool} as it was, with blocks of that size; or, if the host is gone: patchbay pool release --host ${host}`,
    see: 'patchbay pool check',
  })
}

export function sizeInUse(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the block size of pool ${name} cannot change while hosts hold blocks of it`,
    hint: `make another pool with that size, or wait until all blocks have gone back: patchbay pool show ${name}`,
  })
}
