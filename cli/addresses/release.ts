/** Releases a leaked address, when it still has the holder that was found, and that has still ended. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import { isIdentifier } from '../../shared/config/names.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { hasStore, withStore } from '../../shared/ipam/host-local/open.ts'
import { type Reservation, readRecord, timeOf } from '../../shared/ipam/host-local/records.ts'
import { isParked, releaseOrPark } from '../../shared/ipam/host-local/sticky.ts'
import { type Host, lookAtOne } from '../host/look.ts'
import type { Leaked } from './report.ts'

/** `kept`: by the sticky key of its container, for the next one. `gone`: it was free, or has another holder now. */
export type Outcome = 'released' | 'kept' | 'gone' | 'lives'

export interface Releasing {
  host: Host
  /** Nothing is changed. */
  isDry: boolean
  log: Log
}

/**
 * Looks again under the lock of host-local: no ADD and no DEL changes the network meanwhile.
 * @throws CniError, also for a directory that is none of host-local's on this host: a report is only a file
 */
export function release(leaked: Leaked, { host, isDry, log }: Releasing): Outcome {
  const { directory, network } = leaked
  const isOne =
    isIdentifier(network) && host.dataDirs.some((dataDir) => directory === `${dataDir}/${network}`)
  if (!isOne) throw foreign(leaked)
  if (!hasStore(directory)) return 'gone'
  if (isDry) return judge(leaked, host) ?? 'released'
  return withStore(directory, log, (store) => {
    const outcome = judge(leaked, host)
    const reservation = readRecord(directory, leaked.address)
    if (outcome || !reservation) return outcome ?? 'gone'
    releaseOrPark(store, reservation)
    const now = readRecord(directory, leaked.address)
    return now && isParked(now) ? 'kept' : 'released'
  })
}

/** Why an address is not released; undefined when it may be. */
function judge(leaked: Leaked, host: Host): Outcome | undefined {
  const reservation = readRecord(leaked.directory, leaked.address)
  if (!reservation || !isSame(reservation, leaked)) return 'gone'
  return lookAtOne(attachmentOf(leaked), host).lives ? 'lives' : undefined
}

function isSame(
  reservation: Reservation,
  { directory, container, interface: ifname, written }: Leaked,
): boolean {
  const { containerID } = reservation
  return (
    containerID === container && reservation.ifname === ifname && timeOf(directory, reservation) === written
  )
}

/** A record of an old release of host-local has no interface. */
function attachmentOf({ network, container, interface: ifname = 'eth0' }: Leaked): Attachment {
  return { network, containerID: container, ifname }
}

function foreign({ directory, network, address }: Leaked): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${address}: ${directory} is not where host-local keeps addresses of ${network} on this host`,
    hint: 'make the report on this host, and do not change it: patchbay ipam check --report FILE',
  })
}
