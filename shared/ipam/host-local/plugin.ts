/** host-local: addresses from ranges of this host, each reserved by a file. */

import type { Plugin, Request } from '../../cni/plugin.ts'
import type { Result } from '../../cni/result.ts'
import { rangeAround, rangeOf } from '../range.ts'
import { claimOf, inTime, reserving, resultOf, storeOf } from './add.ts'
import { checkReservations } from './check.ts'
import { config, type HostLocalConfig, rangeSets } from './config.ts'
import { del, gc } from './end.ts'
import { dnsFor, requestedAddresses } from './request.ts'
import { assignRequested } from './requested.ts'
import { reserveAll } from './reserve.ts'
import { requireReady } from './status.ts'

type HostLocalRequest = Request<HostLocalConfig>

export const hostLocal: Plugin<HostLocalConfig> = {
  name: 'host-local',
  summary: 'gives addresses from ranges of this host and records them in files',
  config,
  args: ['IP', 'STICKY_KEY', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME'],
  add,
  del,
  check,
  status: (request) => requireReady(request, rangeSets(request.config)),
  gc,
}

function add(request: HostLocalRequest): Result {
  const { ipam } = request.config
  const sets = rangeSets(request.config)
  const setRequests = assignRequested(sets, requestedAddresses(request), ipam.allowOutsideRange)
  const claim = claimOf(request)
  const dns = dnsFor(request)
  warnOfIgnoredKeys(request)
  const addresses = inTime(ipam.wait, () =>
    reserving(request, claim, sets.length, (store, drafts) => reserveAll(store, setRequests, drafts, claim)),
  )
  return resultOf(request, sets, addresses, dns)
}

/** Warns of keys without effect. The reference ignores them too, so they are not refused. */
function warnOfIgnoredKeys({ config, log }: HostLocalRequest): void {
  if (config.ipam.subnet !== undefined) return
  for (const key of ['rangeStart', 'rangeEnd', 'gateway'] as const)
    if (config.ipam[key] !== undefined)
      log.warn(`ipam.${key} is ignored without ipam.subnet: write it into the entries of ipam.ranges`)
}

function check(request: HostLocalRequest): void {
  const sets = rangeSets(request.config)
  const find = request.config.ipam.allowOutsideRange ? rangeAround : rangeOf
  checkReservations(storeOf(request), request, (address) => sets.some((set) => find(set, address)))
}
