/** Restricts the addresses that a runtime requests to one family. */

import type { Request } from '../../cni/plugin.ts'
import { parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'

type Raw = Record<string, unknown>

/** A request with only the requested addresses of a family; undefined keeps all of them. */
export function withFamily<Config>(request: Request<Config>, family: 4 | 6 | undefined): Request<Config> {
  if (family === undefined) return request
  const isOfFamily = (text: unknown) => familyOf(String(text)) === family
  const { args, raw } = request
  const lists = ['IP', 'GATEWAY'].map((key) => [
    key,
    (args[key] ?? '').split(',').filter(isOfFamily).join(','),
  ])
  const kept = Object.fromEntries(lists.filter(([, list]) => list !== ''))
  const { IP: _, GATEWAY: __, ...others } = args
  return { ...request, args: { ...others, ...kept }, raw: withRequested(raw, isOfFamily) }
}

function familyOf(text: string): 4 | 6 | undefined {
  const trimmed = text.trim()
  return (parseAddress(trimmed) ?? parseCidr(trimmed)?.address)?.family
}

/** A configuration with only those `ips` and `ipRanges` that pass the filter. */
function withRequested(raw: Raw, isOfFamily: (text: unknown) => boolean): Raw {
  const { runtimeConfig, args } = raw as { runtimeConfig?: Raw; args?: { cni?: Raw } }
  const filtered = (requested: Raw) => ({
    ...requested,
    ...(Array.isArray(requested.ips) && { ips: requested.ips.filter(isOfFamily) }),
    ...(Array.isArray(requested.ipRanges) && {
      ipRanges: requested.ipRanges.filter(([range]: Raw[]) => isOfFamily(range?.subnet)),
    }),
  })
  return {
    ...raw,
    ...(runtimeConfig && { runtimeConfig: filtered(runtimeConfig) }),
    ...(args?.cni && { args: { ...args, cni: filtered(args.cni) } }),
  }
}
