/** The pool's blocks and addresses. */

import { formatAddress } from '../../../shared/ip/address.ts'
import { lastOf, networkOf, parseCidr, plus } from '../../../shared/ip/subnet.ts'

/** The blocks of a range, in order: `10.0.0.0/31`. */
export function blocksOf(subnet: string, size: number): string[] {
  const range = parseCidr(subnet)
  if (!range) throw new Error(`no subnet: ${subnet}`)
  const step = 1n << BigInt(32 - size)
  const blocks: string[] = []
  for (let at = networkOf(range); at.value <= lastOf(range).value; at = plus(at, step))
    blocks.push(`${formatAddress(at)}/${size}`)
  return blocks
}

const known = new Map<string, readonly string[]>()

/** All addresses of a block. */
export function addressesOf(block: string): readonly string[] {
  const addresses = known.get(block) ?? blocksOf(block, 32).map((one) => one.split('/')[0] as string)
  known.set(block, addresses)
  return addresses
}
