/** STATUS: whether the next ADD can get addresses. Never asks etcd. */

import { CniError, Code } from '../../error/error.ts'
import { agentPath } from '../../store/agent-program.ts'
import { graceOf } from '../host-local/keys.ts'
import { isFull, lookIn, warnOfClash } from '../host-local/status.ts'
import { isClaiming, lastOutcome } from './claim-file.ts'
import type { PoolRequest } from './give.ts'
import { readHeld } from './holdings.ts'
import { isNeed, supplyOf } from './supply.ts'

/**
 * Warns when the blocks at hand have no free address and the last claim failed, unless another one runs. Fails when no ADD can succeed: nothing can be reserved; or nothing
 * is free, and no program is there to claim a block.
 * @throws CniError of code 50
 */
export function status(request: PoolRequest): void {
  const lack = lackOf(request)
  if (lack === undefined) return
  const { config, network, path, log } = request
  agentPath(path)
  const { failure } = lastOutcome(network)
  if (!failure || isClaiming(network)) return
  const msg = `pool ${config.ipam.pool}: ${lack}, and the last claim failed: ${failure.message}`
  if (config.ipam.statusWhenFull === 'fail')
    throw new CniError(Code.PluginNotAvailable, {
      msg,
      details: failure.complaint.details,
      hint: `see how full it is: patchbay pool show ${config.ipam.pool}`,
    })
  log.warn(msg)
}

/** What the blocks at hand lack; undefined when every family has a free address. @throws CniError when no reservation can be written */
function lackOf(request: PoolRequest): string | undefined {
  const { held } = readHeld(request, request.config.ipam.pool)
  const supply = supplyOf(held, [])
  const full = lookIn(request, (store) =>
    isNeed(supply)
      ? []
      : supply.requests.filter(({ set }, at) => isFull(store, at, set, graceOf(request.config))),
  )
  if (isNeed(supply)) return supply.why ?? 'this host holds no block'
  warnOfClash(
    request,
    supply.requests.map(({ set }) => set),
  )
  return full.length > 0 ? 'no address is free on this host' : undefined
}
