/** A page of a range. */

import type { RangeAnswer } from '../protocol.ts'
import { rangeAnswerOf } from './convert.ts'
import type { Member } from './member.ts'
import type { RangeRequest, RangeResponse } from './messages.ts'
import { rangeMethod } from './methods.ts'
import { isTooLong } from './refusal.ts'

/** So many values fit into an answer, whatever is written there: etcd takes 1.5 MB for one (`--max-request-bytes`). */
const FEW = 8

/** Where values are too long for a page, which are none of ours, it has fewer of them than `limit` says, and tells that there are more. */
export async function page(
  member: Member,
  request: RangeRequest,
  milliseconds?: number,
): Promise<RangeAnswer> {
  const ask = async (one: RangeRequest) =>
    rangeAnswerOf(await member.ask<RangeResponse>(rangeMethod, one, milliseconds))
  try {
    return await ask(request)
  } catch (error) {
    const { limit = 0 } = request
    if (limit <= FEW || !isTooLong(error)) throw error
    return await ask({ ...request, limit: FEW })
  }
}
