/** host-local: addresses from ranges of this host, each recorded in a file. */

import { CniError, Code, toCniError } from '../../cni/error.ts'
import type { Plugin, Request } from '../../cni/plugin.ts'
import type { Dns, Ip, Result } from '../../cni/result.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { readFile, remove, writeFile } from '../../kernel/files.ts'
import { capacity, formatRangeSet, type RangeSet, rangeOf } from '../range.ts'
import { config, defaultDataDir, type HostLocalConfig, rangeSets } from './config.ts'
import { assignWishes, reserveAll, used } from './reserve.ts'
import { parseResolvConf } from './resolv.ts'
import {
  directoryOf,
  isHeldBy,
  type Reservation,
  releaseAll,
  reservationOf,
  reservations,
  sweep,
  withStore,
  withStoreIfAny,
} from './store.ts'

export const hostLocal: Plugin<HostLocalConfig> = {
  name: 'host-local',
  summary: 'gives addresses from ranges of this host and remembers them in files',
  config,
  args: ['IP'],
  add,
  del,
  check,
  status,
  gc,
}

type HostLocalRequest = Request<HostLocalConfig>

/** A configuration that was read leniently may lack anything. */
function storeOf({ config, network }: HostLocalRequest): string {
  return directoryOf(config.ipam?.dataDir ?? defaultDataDir, network)
}

function add(request: HostLocalRequest): Result {
  const { ipam } = request.config
  const sets = rangeSets(request.config)
  const wishes = assignWishes(sets, requestedAddresses(request))
  const dns = ipam.resolvConf ? readDns(ipam.resolvConf) : {}
  warnOfIdleKeys(request)
  const directory = storeOf(request)
  const addresses = withStore(directory, () => reserveAll(directory, wishes, request, request.log))
  return {
    interfaces: [],
    ips: sets.map((set, at) => toIp(set, addresses[at])),
    routes: ipam.routes ?? [],
    dns,
  }
}

/** The reference passes over them too, so they are no reason to refuse. */
function warnOfIdleKeys({ config, log }: HostLocalRequest): void {
  if (config.ipam.subnet !== undefined) return
  for (const key of ['rangeStart', 'rangeEnd', 'gateway'] as const)
    if (config.ipam[key] !== undefined)
      log.warn(`ipam.${key} is ignored: it goes with ipam.subnet, and each entry of ipam.ranges has its own`)
}

/** Addresses that the runtime asks for, wherever it may say so; a prefix length is of no interest. */
function requestedAddresses({ args, config }: HostLocalRequest): Address[] {
  const texts = [args.IP, config.args?.cni?.ips, config.runtimeConfig?.ips].flat()
  const hosts = texts.flatMap((text) => (text ? parseHost(text) : []))
  return hosts.filter(
    (address, at) => hosts.findIndex((one) => formatAddress(one) === formatAddress(address)) === at,
  )
}

function parseHost(text: string): Address {
  const address = parseAddress(text) ?? parseCidr(text)?.address
  if (address) return address
  throw new CniError(Code.InvalidEnvironment, {
    msg: `CNI_ARGS: IP is ${JSON.stringify(text)}, must be an IP address`,
  })
}

function readDns(resolvConf: string): Dns {
  try {
    return parseResolvConf(readFile(resolvConf))
  } catch (error) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `ipam.resolvConf: ${toCniError(error).message}`,
      hint: 'name a file that exists, or take resolvConf out',
      cause: error,
    })
  }
}

/** An address with the prefix and the gateway of the range that it is from. */
function toIp(set: RangeSet, address?: Address): Ip {
  const range = address && rangeOf(set, address)
  if (!range) throw new CniError(Code.Internal, { msg: `no address from range set ${formatRangeSet(set)}` })
  return {
    address: `${formatAddress(address)}/${range.subnet.prefix}`,
    gateway: formatAddress(range.gateway),
  }
}

/** Releases all that the attachment holds; neither ranges nor the container's namespace are needed. */
function del(request: HostLocalRequest): void {
  const directory = storeOf(request)
  withStoreIfAny(directory, () => {
    const held = sweep(directory, request.log).filter((reservation) => isHeldBy(reservation, request))
    releaseAll(directory, held)
  })
}

/**
 * The addresses of prevResult that are from our ranges must be the attachment's; without any, it must hold one. The lock
 * is not needed: a record that is ours does not change.
 */
function check(request: HostLocalRequest): void {
  const directory = storeOf(request)
  const given = givenAddresses(request)
  for (const address of given) requireHeld(directory, address, request)
  if (given.length === 0 && !reservations(directory).some((one) => isHeldBy(one, request)))
    throw lost(request, `no file in ${directory} names it`)
}

function givenAddresses({ config, prevResult }: HostLocalRequest): Address[] {
  const sets = rangeSets(config)
  const addresses = (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
  return addresses.filter((address) => sets.some((set) => rangeOf(set, address)))
}

function requireHeld(directory: string, address: Address, request: HostLocalRequest): void {
  const reservation = reservationOf(directory, address)
  if (reservation && isHeldBy(reservation, request)) return
  throw lost(request, `${formatAddress(address)} is ${holderOf(reservation)}`)
}

function holderOf(reservation: Reservation | undefined): string {
  if (!reservation) return 'not reserved'
  return `reserved for container ${reservation.containerID}, interface ${reservation.ifname ?? 'unknown'}`
}

function lost({ containerID, ifname }: HostLocalRequest, details: string): CniError {
  return new CniError(Code.Internal, {
    msg: `host-local: Failed to find address added by container ${containerID}`,
    details: `interface ${ifname}: ${details}`,
    hint: 'the address may be given to another container: delete and add this one again',
  })
}

/** Ready when files can be written and every range set has an address left. */
function status(request: HostLocalRequest): void {
  const directory = storeOf(request)
  const sets = rangeSets(request.config)
  const full = tryStore(directory, () => sets.find((set) => BigInt(used(directory, set)) >= capacity(set)))
  if (!full) return
  throw new CniError(Code.PluginNotAvailable, {
    msg: `no IP addresses available in range set: ${formatRangeSet(full)}`,
    details: `all ${capacity(full)} addresses are used`,
    hint: `widen the range, or run GC; who holds what: grep -r . ${directory}`,
  })
}

/** Holds the store after a file could be written there. */
function tryStore<T>(directory: string, action: () => T): T {
  try {
    return withStore(directory, () => {
      writeFile(`${directory}/status`, '')
      remove(`${directory}/status`)
      return action()
    })
  } catch (error) {
    throw new CniError(Code.PluginNotAvailable, {
      msg: `reservations cannot be kept in ${directory}: ${toCniError(error).message}`,
      hint: 'it needs a writable file system with room: df -h; mount',
      cause: error,
    })
  }
}

/** Releases everything that no valid attachment holds. */
function gc(request: HostLocalRequest): void {
  const directory = storeOf(request)
  const { validAttachments, log } = request
  withStoreIfAny(directory, () => {
    const stale = sweep(directory, log).filter(
      (reservation) => !validAttachments.some((attachment) => isHeldBy(reservation, attachment)),
    )
    for (const { file, containerID } of stale) log.info(`${file} was held by ${containerID}, which is gone`)
    releaseAll(directory, stale)
  })
}
