/** ADD: an address from the blocks at hand; where they have none, after the claim of a block. */

import type { Result } from '../../cni/result.ts'
import { CniError, Code } from '../../error/error.ts'
import type { Address } from '../../ip/address.ts'
import { claimOf, inTime, resultOf } from '../host-local/add.ts'
import { dnsFor, requestedAddresses } from '../host-local/request.ts'
import type { Claim } from '../host-local/reserve.ts'
import { claimAhead, claimNow } from './claim.ts'
import { lastOutcome, noteOutcome, whileNoneClaims } from './claim-file.ts'
import { type Given, giveAtHand, type PoolRequest } from './give.ts'
import { isNeed, type Need, requireOnePerFamily } from './supply.ts'

export function add(request: PoolRequest): Result {
  const wishes = wishesOf(request)
  const claim = claimOf(request)
  const dns = dnsFor(request)
  warnOfRanges(request)
  const given = give(request, wishes, claim)
  const result = resultOf(request, given.sets, given.addresses, dns)
  claimAhead(request, given.low)
  return result
}

/** The addresses that the runtime asks for. @throws CniError of code 4 for what is no address, of code 7 for two of a family */
export function wishesOf(request: PoolRequest): Address[] {
  const wishes = requestedAddresses(request)
  requireOnePerFamily(wishes)
  return wishes
}

/** A list made for host-local has the capability. Its ranges are those of one host; a pool's are in the store. */
function warnOfRanges({ raw, log }: PoolRequest): void {
  const { ipRanges } = (raw.runtimeConfig ?? {}) as { ipRanges?: unknown }
  if (Array.isArray(ipRanges) && ipRanges.length > 0)
    log.warn(
      'runtimeConfig.ipRanges is ignored: the ranges are the pool\'s; remove the capability "ipRanges"',
    )
}

/** Claims once; then `ipam.wait` is the time in which a container may free an address. */
function give(request: PoolRequest, wishes: readonly Address[], claim: Claim): Given {
  let failure: CniError | undefined
  return inTime(request.config.ipam.wait, () => {
    const given = giveAtHand(request, wishes, claim)
    if (!isNeed(given)) return given
    if (failure) throw failure
    try {
      return giveFromStore(request, wishes, claim)
    } catch (error) {
      if (error instanceof CniError) failure = error
      throw error
    }
  })
}

function giveFromStore(request: PoolRequest, wishes: readonly Address[], claim: Claim): Given {
  const before = lastOutcome(request.network)
  return whileNoneClaims(request.network, () => {
    // The claim that this process waited for may have been enough for both, or have failed.
    const need = giveAtHand(request, wishes, claim)
    if (!isNeed(need)) return need
    if (need.damaged)
      request.log.warn(`${need.damaged} is damaged: what this host holds is asked of the store again`)
    const { time, failure } = lastOutcome(request.network)
    if (failure && time !== before.time && need.addresses.length === 0) throw lacking(request, need, failure)
    claimNoting(request, need)
    const given = giveAtHand(request, wishes, claim)
    if (isNeed(given)) throw lacking(request, given)
    return given
  })
}

/** The refusal of one address says nothing to others that wait. */
function claimNoting(request: PoolRequest, need: Need): void {
  const note = need.addresses.length === 0 ? noteOutcome : () => {}
  try {
    claimNow(request, need)
    note(request.network)
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    note(request.network, error)
    throw lacking(request, need, error)
  }
}

/** Of a wish the program says all. @param cause why nothing was claimed; undefined: something was, and it is used up */
function lacking({ config }: PoolRequest, { addresses, why }: Need, cause?: CniError): CniError {
  const isLasting = cause?.code === Code.InvalidNetworkConfig
  if (cause && (isLasting || addresses.length > 0)) return cause
  const { pool } = config.ipam
  const then = cause
    ? `no block could be claimed: ${cause.message}`
    : 'what was claimed is used up already: try again'
  return new CniError(Code.TryAgainLater, {
    msg: `pool ${pool}: no address is free on this host, and ${then}`,
    details: [why, cause?.complaint.details].filter(Boolean).join('; '),
    // A program's error has its hint in the details.
    hint: cause ? cause.complaint.hint : `see how full it is: patchbay pool show ${pool}`,
    cause,
  })
}
