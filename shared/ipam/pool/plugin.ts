/** pool: addresses from blocks that this host claims from etcd, so that containers of many hosts share one subnet. */

import type { Plugin } from '../../cni/plugin.ts'
import type { Address } from '../../ip/address.ts'
import { storeOf } from '../host-local/add.ts'
import { checkReservations } from '../host-local/check.ts'
import { del, gc } from '../host-local/end.ts'
import { reservationOf } from '../host-local/records.ts'
import { add, wishesOf } from './add.ts'
import { config, type PoolConfig } from './config.ts'
import type { PoolRequest } from './give.ts'
import { readHeld } from './holdings.ts'
import { isOfPool } from './sets.ts'
import { status } from './status.ts'

export const pool: Plugin<PoolConfig> = {
  name: 'pool',
  summary: 'gives addresses of a subnet that many hosts share by etcd',
  config,
  args: ['IP', 'STICKY_KEY', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME'],
  prepare: (request) => void wishesOf(request),
  add,
  del,
  check,
  status,
  gc,
}

/** An address stays its container's, also when its block is given back or the pool has shrunk. */
function check(request: PoolRequest): void {
  const directory = storeOf(request)
  const { held } = readHeld(request)
  const isOurs = (address: Address) =>
    held ? isOfPool(address, held) : reservationOf(directory, address) !== undefined
  checkReservations(directory, request, isOurs)
}
