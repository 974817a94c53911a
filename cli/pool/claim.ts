/** The work of `patchbay pool claim`, which plugins run for an ADD: claims what a network needs, and writes it to the network's file. */

import { connect } from '#store'
import { readInput } from '../../shared/cni/input.ts'
import { CniError, Code, printed, toCniError } from '../../shared/error/error.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import { StoreAway } from '../../shared/store/protocol.ts'
import { settingsIn } from '../../shared/store/settings.ts'
import type { Call, Status } from '../form/verb.ts'
import { type ClaimInput, readClaimInput } from './claim-input.ts'
import { type Claimed, claimAll } from './claim-needs.ts'
import { handsOf } from './hands.ts'
import { away } from './session.ts'
import { within } from './timing.ts'
import { storeOf } from './which-store.ts'

/** In all, milliseconds: a plugin waits for 20 s. */
const LONGEST = 15_000

/** Answers JSON: what was claimed, or an error as plugins print it. */
export async function runClaim(call: Call): Promise<Status> {
  try {
    call.out(JSON.stringify(await claimFor(readClaimInput(readInput()), call)))
    return 0
  } catch (error) {
    const failure = toCniError(error)
    call.out(JSON.stringify({ code: failure.code, ...printed(failure) }))
    return 1
  }
}

/** @throws CniError, KernelError */
async function claimFor(input: ClaimInput, call: Pick<Call, 'flags' | 'complain'>): Promise<Claimed> {
  const store = input.store === undefined ? storeOf(call) : settingsIn(input.store, 'store')
  if (!connect) throw new CniError(Code.Internal, { msg: 'this executable has no client of etcd' })
  const connection = await connect(store)
  const reach = { connection, keys: keysBelow(store.prefix), host: store.host }
  const hands = handsOf(reach, () => [input.dataDir])
  try {
    return await within(LONGEST, claimAll(hands, input), tooLong)
  } catch (error) {
    throw error instanceof StoreAway ? away(error, store.endpoints) : error
  } finally {
    connection.close()
  }
}

function tooLong(): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `no block was claimed in ${LONGEST / 1000} s: etcd, or another claim of this host, is slow`,
    hint: 'try again; look at etcd: etcdctl endpoint status; and at what runs here: pgrep -af patchbay-agent',
  })
}
