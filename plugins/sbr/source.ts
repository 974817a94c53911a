/** The addresses of the interface, each with its gateway: from the configuration, or from the result of the earlier plugins. */

import { ownIps } from '../../shared/attachment/chained.ts'
import { cidrs } from '../../shared/attachment/configure.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { type Address, nextHop, parseAddress } from '../../shared/ip/address.ts'
import { type Cidr, contains, parseCidr } from '../../shared/ip/subnet.ts'
import type { SbrConfig } from './config.ts'

/** An address of the interface, whose packets get a table. */
export interface Source {
  cidr: Cidr
  gateway?: Address
}

/** @throws CniError when the result has no address of the interface */
export function sourcesOf(request: Request<SbrConfig>, result: Result): Source[] {
  const ips = ownIps(result, request.ifname)
  if (ips.length === 0)
    throw new CniError(Code.InvalidNetworkConfig, {
      // The reference's words.
      msg: `No IP addresses supplied on interface: ${request.ifname}`,
      hint: 'give the interface addresses: ipam of the plugin that makes it',
    })
  const fixed = addressesIn(request.config.gateways ?? [])
  const known = addressesIn(ips.map(({ gateway = '' }) => gateway))
  const routed = addressesIn(defaultGateways(result))
  return cidrs(ips).map((cidr, index) => {
    const own = addressesIn([ips[index]?.gateway ?? ''])
    const ofFamily = ({ family }: Address) => family === cidr.address.family
    const within = (address: Address) => contains(cidr, address)
    const gateway = fixed.find(ofFamily) ?? own.find(ofFamily) ?? [...known, ...routed].find(within)
    return { cidr, gateway: gateway ?? lonely(result, routed.filter(ofFamily)) }
  })
}

/** Whether the configuration has a gateway for a family. */
export function hasFixedGateway({ gateways = [] }: Pick<SbrConfig, 'gateways'>, family: 4 | 6): boolean {
  return addressesIn(gateways).some((address) => address.family === family)
}

/** A result does not say which interface a route belongs to: without a subnet to go by, it counts only where there is one interface. */
function lonely({ interfaces }: Result, routed: Address[]): Address | undefined {
  return interfaces.filter(({ sandbox }) => sandbox).length > 1 ? undefined : routed[0]
}

function defaultGateways({ routes }: Result): string[] {
  return routes.flatMap(({ dst, gw }) => (gw && parseCidr(dst)?.prefix === 0 ? [gw] : []))
}

function addressesIn(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => nextHop(parseAddress(text)) ?? [])
}
