/** The status of a member, such that its two numbers belong together, and are not older than what was read before. */

import type { StatusAnswer } from '../protocol.ts'
import { revisionOf } from './convert.ts'
import type { Member } from './member.ts'
import type { StatusResponse } from './messages.ts'
import { rangeMethod, statusMethod } from './methods.ts'

/** Readings of a busy etcd. */
const ATTEMPTS = 20

/**
 * A member answers a linearizable read when it has applied all that was committed before: so it is not behind. etcd reads the revision of a
 * status before the index: between two statuses of one revision the first one's index is that of the revision.
 * @param key one that this host may read
 */
export async function statusOf(member: Member, key: string): Promise<StatusAnswer> {
  await member.ask(rangeMethod, { key, keysOnly: true })
  let before = await read(member)
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    const now = await read(member)
    if (now.revision === before.revision) return before
    before = now
  }
  return before
}

async function read(member: Member): Promise<StatusAnswer> {
  const { header, appliedIndex } = await member.ask<StatusResponse>(statusMethod, {})
  return { revision: revisionOf(header), appliedIndex }
}
