/** The attachments of living containers, with what tells how each is wired: its configuration, its addresses, the host's end. */

import { attachmentKey, parseAlias } from '../../../shared/cni/identity.ts'
import { nameWithin } from '../../../shared/cni/name-within.ts'
import type { Attachment } from '../../../shared/cni/plugin.ts'
import { isObject } from '../../../shared/config/json.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { type Address, nextHop, parseAddress } from '../../../shared/ip/address.ts'
import { type Cidr, parseCidr } from '../../../shared/ip/subnet.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import type { Cached } from '../../host/cache-entry.ts'
import { cachedChain } from '../../host/chain.ts'
import type { View } from '../frame/fault.ts'
import { hostOf, linksOf } from '../frame/host.ts'

export type Raw = Readonly<Record<string, unknown>>

/** An address of a container, with the prefix length of its subnet. */
export interface Leased {
  cidr: Cidr
  gateway?: Address
}

export interface Wired extends Attachment {
  /** Its plugins as they were called; none when only the attachment is known. */
  plugins: readonly Raw[]
  /** The first of them, which has made the interface. */
  config: Raw
  /** The plugin of ours that it is: `bridge` also for `cnv-bridge`. Empty for one of another project. */
  type: string
  addresses: readonly Leased[]
  /** The host's end of its veth pair. */
  end?: Link
  /** The path of its namespace. */
  netns?: string
}

/** All attachments of containers that live. @throws KernelError */
export const wiredOf: (view: View) => readonly Wired[] = oncePer((view: View) => {
  const { containers, configurations } = hostOf(view)
  const cached = new Map(configurations.cached.map((one) => [attachmentKey(one), one]))
  const lists = Map.groupBy(configurations.configured, ({ network }) => network)
  const ends = endsOf(view)
  return containers
    .filter(({ life }) => life === 'lives')
    .flatMap(({ attachments, places }) => attachments.map((one) => ({ one, netns: places[0]?.path })))
    .map(({ one, netns }) => {
      const key = attachmentKey(one)
      const [first, ...rest] = lists.get(one.network) ?? []
      const listed = [...(first ? [first] : []), ...rest.filter(({ file }) => file === first?.file)]
      const entry = cached.get(key)
      const plugins = entry ? cachedChain(entry).plugins : listed.map(({ raw }) => raw)
      // Nomad and BuildKit put loopback first.
      const config = plugins.find((plugin) => typeOf(view, plugin) !== 'loopback') ?? {}
      const addresses = entry ? leasedIn(entry) : []
      return { ...one, plugins, config, type: typeOf(view, config), addresses, end: ends.get(key), netns }
    })
})

/** The host's ends by the attachment that their alias names. The end of a wire that waits on the host for its container is none. */
const endsOf = oncePer((view: View) => {
  const ends = linksOf(view).filter(({ kind, name }) => kind === 'veth' && name.startsWith('veth'))
  return new Map(
    ends.flatMap((end) => {
      const owner = parseAlias(end.alias)
      return owner ? [[attachmentKey(owner), end] as const] : []
    }),
  )
})

const typesOf = oncePer((_: View) => new Map<string, string>())

/** The plugin of ours that a configuration names. */
export function typeOf(view: View, { type }: Raw): string {
  const known = typesOf(view)
  const text = typeof type === 'string' ? type.slice(0, 200) : ''
  const name = known.get(text) ?? nameWithin(text, Object.keys(view.plugins)) ?? ''
  known.set(text, name)
  return name
}

/** The addresses in the cached result; those of results before 0.3.0 are left out. */
function leasedIn({ result }: Cached): Leased[] {
  const ips: unknown[] = Array.isArray(result?.ips) ? result.ips : []
  return ips.filter(isObject).flatMap(({ address, gateway }) => {
    const cidr = typeof address === 'string' ? parseCidr(address) : undefined
    const hop = typeof gateway === 'string' ? nextHop(parseAddress(gateway)) : undefined
    return cidr ? [{ cidr, gateway: hop }] : []
  })
}

/** The bridge of an attachment; undefined for other kinds. */
export function bridgeNameOf({ type, config }: Pick<Wired, 'type' | 'config'>): string | undefined {
  if (type !== 'bridge') return undefined
  return typeof config.bridge === 'string' && config.bridge !== '' ? config.bridge : 'cni0'
}

/** Whether the host is the gateway of an attachment's containers, so that it must forward. */
export function isRouted({ type, config }: Pick<Wired, 'type' | 'config'>): boolean {
  return (
    type === 'ptp' || (type === 'bridge' && (config.isGateway === true || config.isDefaultGateway === true))
  )
}

/** The families of an attachment's addresses whose gateway is on the host. */
export function routedFamilies(wired: Wired): Set<4 | 6> {
  const leased = isRouted(wired) ? wired.addresses : []
  const own = wired.type === 'ptp' ? leased : leased.filter(({ gateway }) => gateway !== undefined)
  return new Set(own.map(({ cidr }) => cidr.address.family))
}
