/** What a runtime asks for, as far as it is of one family. */

import type { Request } from '../../cni/plugin.ts'
import { parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'

type Raw = Record<string, unknown>

/** A request whose wishes for addresses are of a family; without one, all of them stay. */
export function withFamily<Config>(request: Request<Config>, family: 4 | 6 | undefined): Request<Config> {
  if (family === undefined) return request
  const isMeant = (text: unknown) => familyOf(String(text)) === family
  const { args, raw } = request
  const wishes = ['IP', 'GATEWAY'].map((key) => [key, (args[key] ?? '').split(',').filter(isMeant).join(',')])
  const given = Object.fromEntries(wishes.filter(([, list]) => list !== ''))
  const { IP: _, GATEWAY: __, ...others } = args
  return { ...request, args: { ...others, ...given }, raw: withWishes(raw, isMeant) }
}

function familyOf(text: string): 4 | 6 | undefined {
  const trimmed = text.trim()
  return (parseAddress(trimmed) ?? parseCidr(trimmed)?.address)?.family
}

/** A configuration with only those of its `ips` and `ipRanges` that are meant. */
function withWishes(raw: Raw, isMeant: (text: unknown) => boolean): Raw {
  const { runtimeConfig, args } = raw as { runtimeConfig?: Raw; args?: { cni?: Raw } }
  const meant = (wishes: Raw) => ({
    ...wishes,
    ...(Array.isArray(wishes.ips) && { ips: wishes.ips.filter(isMeant) }),
    ...(Array.isArray(wishes.ipRanges) && {
      ipRanges: wishes.ipRanges.filter(([range]: Raw[]) => isMeant(range?.subnet)),
    }),
  })
  return {
    ...raw,
    ...(runtimeConfig && { runtimeConfig: meant(runtimeConfig) }),
    ...(args?.cni && { args: { ...args, cni: meant(args.cni) } }),
  }
}
