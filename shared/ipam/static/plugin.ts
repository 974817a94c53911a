/** static: the addresses that the configuration or the runtime names. */

import type { Plugin, Request } from '../../cni/plugin.ts'
import type { Ip, Result } from '../../cni/result.ts'
import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress, parseAddress, sameAddress } from '../../ip/address.ts'
import { whyUnusable } from '../../ip/host.ts'
import { type Cidr, contains, formatCidr, parseCidr } from '../../ip/subnet.ts'
import { requireOnePerFamily } from '../family.ts'
import { config, type StaticConfig } from './config.ts'

export const staticIpam: Plugin<StaticConfig> = {
  name: 'static',
  summary: 'gives the addresses that the configuration or the runtime names',
  config,
  args: ['IP', 'GATEWAY'],
  prepare: addressesFor,
  add,
  del: () => {},
  check,
}

type StaticRequest = Request<StaticConfig>

function add(request: StaticRequest): Result {
  const { routes = [], dns = {} } = request.config.ipam
  return { interfaces: [], ips: addressesFor(request), routes, dns }
}

/** @throws CniError for invalid addresses */
function addressesFor(request: StaticRequest): Ip[] {
  const requested = requestedOf(request)
  requireDistinct(requested)
  requested.forEach(requireUsable)
  const ips = requested.map(({ ip }) => ip)
  requireOnePerFamily(
    ips.flatMap(({ address }) => parseCidr(address)?.address ?? []),
    request.cniVersion,
  )
  return ips
}

/** An address, and the key or variable that requests it. */
interface Requested {
  ip: Ip
  place: string
}

/** The runtime's addresses replace all others; those of CNI_ARGS are added to the configuration's. */
function requestedOf({ config, args }: StaticRequest): Requested[] {
  const lists = { 'runtimeConfig.ips': config.runtimeConfig?.ips, 'args.cni.ips': config.args?.cni?.ips }
  for (const [name, list = []] of Object.entries(lists))
    if (list.length > 0) return list.map((text, at) => ({ ip: fromList(text), place: `${name}[${at}]` }))
  const configured = config.ipam.addresses ?? []
  return [
    ...configured.map((ip, at) => ({ ip: normal(ip), place: `ipam.addresses[${at}].address` })),
    ...fromArgs(args).map((ip) => ({ ip, place: 'IP of CNI_ARGS' })),
  ]
}

/** Refuses addresses and gateways that the kernel accepts, but with which no packet comes back. */
function requireUsable({ ip: { address, gateway }, place }: Requested): void {
  const cidr = parseCidr(address)
  const hop = gateway === undefined ? undefined : parseAddress(gateway)
  const unfit = cidr && whyUnusable(cidr)
  if (unfit)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `${place} is ${JSON.stringify(address)}, ${unfit}: no interface can have it`,
      hint: "write the container's own address with its prefix length, as 10.1.2.3/24",
    })
  if (!cidr || !hop || (hop.family === cidr.address.family && !sameAddress(hop, cidr.address))) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the gateway of ${place} is ${JSON.stringify(gateway)}, must be another address of the same IP version as ${address}`,
    hint: 'write the address of the router, or remove the gateway',
  })
}

/** The kernel refuses an address that the interface has already. */
function requireDistinct(requested: Requested[]): void {
  const places = new Map<string, string>()
  for (const { ip, place } of requested) {
    const address = canonical(ip.address).replace(/\/.*/, '')
    const before = places.get(address)
    if (before)
      throw new CniError(Code.InvalidNetworkConfig, {
        msg: `${place} is ${JSON.stringify(ip.address)}, must not be the address of ${before} again`,
        hint: 'remove one of them',
      })
    places.set(address, place)
  }
}

function normal({ address, gateway }: Ip): Ip {
  return gateway === undefined ? { address } : { address, gateway }
}

function fromList(text: string): Ip {
  const address = parseCidr(text)
  if (address) return { address: formatCidr(address) }
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `an entry in the 'ips' field is NOT in CIDR notation, got: '${text}'`,
    hint: 'write 10.1.2.3/24',
  })
}

/** IP and GATEWAY are comma-separated lists. A gateway belongs to the addresses whose subnet it lies in. */
function fromArgs({ IP, GATEWAY }: Record<string, string>): Ip[] {
  const gateways = split(GATEWAY).map(parseGateway)
  return split(IP).map((text) => {
    const address = parseArgAddress(text)
    const index = gateways.findLastIndex((gateway) => contains(address, gateway))
    return { address: formatCidr(address), ...(index >= 0 && { gateway: split(GATEWAY)[index] }) }
  })
}

function split(list = ''): string[] {
  return list === '' ? [] : list.split(',').map((item) => item.trim())
}

function parseArgAddress(text: string): Cidr {
  const address = parseCidr(text)
  if (address) return address
  throw new CniError(Code.InvalidEnvironment, {
    msg: `the 'ip' field is expected to be in CIDR notation, got: '${text}'`,
    hint: 'CNI_ARGS: write IP=10.1.2.3/24,fd00::3/64',
  })
}

function parseGateway(text: string): Address {
  const gateway = parseAddress(text)
  if (gateway) return gateway
  throw new CniError(Code.InvalidEnvironment, {
    msg: `invalid gateway address: ${text}`,
    hint: 'CNI_ARGS: write GATEWAY=10.1.2.1,fd00::1',
  })
}

/** CHECK: prevResult must have every address, with its gateway. @throws CniError */
function check(request: StaticRequest): void {
  const { prevResult } = request
  if (!prevResult)
    throw new CniError(Code.InvalidNetworkConfig, {
      // The reference's words.
      msg: 'Required prevResult missing',
      hint: 'CHECK needs the result of ADD',
    })
  const given = new Map(prevResult.ips.map((ip) => [canonical(ip.address), ip]))
  for (const wanted of addressesFor(request)) requirePresent(wanted, given)
}

/** @param given the addresses of prevResult, in their canonical spelling */
function requirePresent({ address, gateway }: Ip, given: ReadonlyMap<string, Ip>): void {
  const found = given.get(canonical(address))
  if (!found)
    throw new CniError(Code.Internal, {
      msg: `static: address ${address} is not in prevResult`,
      hint: 'delete the container and add it again',
    })
  if (gateway !== undefined && canonical(found.gateway) !== canonical(gateway))
    throw new CniError(Code.Internal, {
      msg: `static: Failed to match addr ${address} on gateway: expected ${gateway}, found ${found.gateway ?? 'none'}`,
      hint: 'the configuration has changed since ADD: delete the container and add it again',
    })
}

/** An address in its canonical spelling, with or without a prefix. */
function canonical(text = ''): string {
  const cidr = parseCidr(text)
  const address = parseAddress(text)
  return cidr ? formatCidr(cidr) : address ? formatAddress(address) : text
}
