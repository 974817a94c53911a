/** firewall: lets the packets of a container through where the host's firewall drops, and keeps networks apart. */

import { ownIps, requirePrevResult } from '../../shared/attachment/chained.ts'
import { cidrs } from '../../shared/attachment/configure.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { openSidesIfAny, type Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import type { Filter } from '../../shared/firewall/filter-record.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { contains, linkLocal, parseCidr } from '../../shared/ip/subnet.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { config, type FirewallConfig } from './config.ts'
import { findHostSide, requireHostSide } from './host-side.ts'
import { requireBackEnd, status } from './status.ts'
import { decisionFor, warnOfObstacles, wishesOf } from './wishes.ts'

const load = () => import('../../shared/firewall/filter.ts')
/** The reference's words. */
const noResult = 'missing prevResult from earlier plugin'

export const firewall = interfacePlugin<FirewallConfig>({
  name: 'firewall',
  summary: "lets a container's packets through the host's firewall, and keeps networks apart",
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove, collect }],
    prepare: (request) => void requirePrevResult(request, noResult),
    create,
    check,
    status,
  },
})

async function create(life: Life<FirewallConfig>): Promise<void> {
  const { request, undo } = life
  const result = requirePrevResult(request, noResult)
  const decision = decisionFor(request.config)
  const filter = { ...filterOf(request, result), backEnd: decision.backEnd }
  const policy = filter.policy
  if (policy !== 'open') Object.assign(filter, requireHostSide(life, request, policy))
  await requireBackEnd(filter, decision)
  if (!request.config.backend && decision.backEnd === 'iptables')
    request.log.info(decision.rejected.join('; '))
  warnOfObstacles(request, filter, decision)
  if (decision.backEnd === 'iptables' && decision.closed.length > 0) await warnOfPorts(request)
  const { addFilter, removeFilter } = await load()
  undo(() => removeFilter(filter))
  await addFilter(filter, decision.closed)
}

/** The rules of iptables, as the reference has them, accept answers only. Known where portmap comes before firewall. */
async function warnOfPorts(request: Request<FirewallConfig>): Promise<void> {
  const { kept } = await import('../../shared/firewall/portmap-record.ts')
  if (!kept.read(request)) return
  const chain = request.config.iptablesAdminChainName
  request.log.warn(
    `FORWARD drops what other hosts send to the container's host ports: iptables -I ${chain} -m conntrack --ctstate DNAT -j ACCEPT, and the same with ip6tables`,
  )
}

/** What an attachment is to have, without its side of the host. */
function filterOf(request: Request<FirewallConfig>, result: Result): Filter {
  const { network, containerID, ifname, netns } = request
  const addresses = cidrs(ownIps(result, ifname)).map(({ address }) => formatAddress(address))
  return { network, containerID, ifname, netns, ...wishesOf(request.config), addresses }
}

async function check(sides: Sides, request: Request<FirewallConfig>): Promise<void> {
  const filter = filterOf(request, requirePrevResult(request, noResult))
  const side = filter.policy === 'open' ? undefined : findHostSide(sides, request)
  await (await load()).checkFilter(request, { ...filter, ...side })
}

/** Without a record, the reference may have let the addresses through: those of prevResult, or what the container still has. */
async function remove(request: Request<FirewallConfig>): Promise<void> {
  await (await load()).removeFilter(request, () => unrecorded(request))
}

function unrecorded(request: Request<FirewallConfig>): Filter | undefined {
  const { network, containerID, ifname, config } = request
  const addresses = addressesOf(request)
  const wishes = { ...wishesOf(config), policy: 'open' as const }
  return addresses.length > 0 ? { network, containerID, ifname, ...wishes, addresses } : undefined
}

function addressesOf(request: Request<FirewallConfig>): string[] {
  const { prevResult, ifname } = request
  if (!prevResult) return addressesInside(request)
  return ownIps(prevResult, ifname).flatMap(({ address }) => {
    const parsed = parseCidr(address)
    return parsed ? [formatAddress(parsed.address)] : []
  })
}

/** The addresses of the container's interface, but those of its link. */
function addressesInside(request: Request<FirewallConfig>): string[] {
  const inside = openSidesIfAny(request)?.inside
  const link = inside && findLink(inside, request.ifname)
  if (!inside || !link) return []
  const addresses = listAddresses(inside, link).map(({ address }) => address)
  return addresses.filter((address) => !contains(linkLocal, address)).map(formatAddress)
}

async function collect({ network, validAttachments }: Request<FirewallConfig>): Promise<void> {
  await (await load()).collectFilters(network, validAttachments)
}
