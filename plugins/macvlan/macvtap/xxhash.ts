/** XXH64 without a seed (xxhash_spec.md of github.com/Cyan4973/xxHash), by which macvtap-cni names its links. */

const primes = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const
const [P1, P2, P3, P4, P5] = primes
/** The bytes of a stripe, which has four lanes of eight. */
const STRIPE = 32

/** Not BigInt.asUintN, which is wrong in QuickJS 2025-04-26. */
const u64 = (value: bigint) => value & 0xffff_ffff_ffff_ffffn
const rotate = (value: bigint, by: bigint) => u64((value << by) | (value >> (64n - by)))
const round = (lane: bigint, input: bigint) => u64(rotate(u64(lane + input * P2), 31n) * P1)

export function xxh64(data: Buffer): bigint {
  const rest = data.subarray(data.length - (data.length % STRIPE))
  const start = data.length < STRIPE ? P5 : stripes(data)
  return avalanche(tail(u64(start + BigInt(data.length)), rest))
}

/** All whole stripes. */
function stripes(data: Buffer): bigint {
  let lanes = [u64(P1 + P2), P2, 0n, u64(-P1)]
  for (let at = 0; at + STRIPE <= data.length; at += STRIPE)
    lanes = lanes.map((lane, index) => round(lane, data.readBigUInt64LE(at + 8 * index)))
  const shifts = [1n, 7n, 12n, 18n]
  const sum = lanes.reduce((all, lane, index) => u64(all + rotate(lane, shifts[index] ?? 0n)), 0n)
  return lanes.reduce((hash, lane) => u64((hash ^ round(0n, lane)) * P1 + P4), sum)
}

/** What is left behind the stripes: by eight bytes, by four, and single ones. */
function tail(start: bigint, data: Buffer): bigint {
  let [hash, at] = [start, 0]
  for (; at + 8 <= data.length; at += 8)
    hash = u64(rotate(hash ^ round(0n, data.readBigUInt64LE(at)), 27n) * P1 + P4)
  for (; at + 4 <= data.length; at += 4)
    hash = u64(rotate(hash ^ u64(BigInt(data.readUInt32LE(at)) * P1), 23n) * P2 + P3)
  for (const byte of data.subarray(at)) hash = u64(rotate(hash ^ u64(BigInt(byte) * P5), 11n) * P1)
  return hash
}

function avalanche(value: bigint): bigint {
  let hash = value
  hash = u64((hash ^ (hash >> 33n)) * P2)
  hash = u64((hash ^ (hash >> 29n)) * P3)
  return hash ^ (hash >> 32n)
}
