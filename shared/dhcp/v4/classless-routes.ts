/** Routes as values of options: classless ones, option 121 (RFC 3442), and option 33, whose destinations are in classes (RFC 2132 section 5.8). */

import { type Address, fromBytes, nextHop } from '../../ip/address.ts'
import { type Cidr, networkOf, subnetOf } from '../../ip/subnet.ts'
import { addressesOf } from './values.ts'

/** Without a next hop the destination is on the link. */
export interface Route4 {
  dst: Cidr
  gw?: Address
}

/** Each route is a prefix length, as many bytes of the destination as that needs, and the router; undefined when one is cut off or longer than /32. */
export function parseClasslessRoutes(value: Buffer): Route4[] | undefined {
  const routes: Route4[] = []
  for (let at = 0; at < value.length; ) {
    const prefix = value[at] as number
    const router = at + 1 + Math.ceil(prefix / 8)
    if (prefix > 32 || router + 4 > value.length) return undefined
    const destination = Buffer.alloc(4)
    destination.set(value.subarray(at + 1, router))
    routes.push({
      dst: subnetOf({ address: fromBytes(destination), prefix }),
      gw: nextHop(fromBytes(value.subarray(router, router + 4))),
    })
    at = router + 4
  }
  return routes
}

/** Pairs of a destination and its router. The default route is not allowed there. */
export function parseStaticRoutes(value: Buffer): Route4[] {
  const addresses = addressesOf(value)
  return addresses.flatMap((address, at) => {
    const gw = addresses[at + 1]
    const dst = at % 2 === 0 ? inItsClass(address) : undefined
    return dst && gw?.value ? [{ dst, gw }] : []
  })
}

/** The network of an address of class A, B or C (RFC 791 section 3.2); an address with a host part is one host. */
function inItsClass(address: Address): Cidr | undefined {
  const first = Number(address.value >> 24n)
  if (first === 0 || first >= 224) return undefined
  const prefix = first < 128 ? 8 : first < 192 ? 16 : 24
  const isNetwork = networkOf({ address, prefix }).value === address.value
  return { address, prefix: isNetwork ? prefix : 32 }
}
