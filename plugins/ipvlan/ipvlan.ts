/** Makes and checks the container's ipvlan or ipvtap. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Life, ProbingLink } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import type { ShimKind } from '../../shared/host/shim.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { readSysctl } from '../../shared/kernel/sysctl.ts'
import { checkChild, explainRefusal, makeChild } from '../../shared/link/child.ts'
import { findParent, parentSegment, parentSide } from '../../shared/link/parent.ts'
import { parentNow } from '../../shared/link/parent-now.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { ipvlanKind, parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { requireMaster } from './chain.ts'
import { type IpvlanConfig, isRouted } from './keys.ts'
import { configuredLease, type Parent, validateLease } from './lease.ts'
import { makeOnPort } from './port.ts'

/** An ipvlan's packets go to the container's network stack, an ipvtap's to the program that opens its device node. Both have the same netlink attributes. */
export type IpvlanKind = 'ipvlan' | 'ipvtap'

/** ipvtap has no key hostAccess. */
type AnyConfig = IpvlanConfig & { hostAccess?: boolean }

/** The segment of a network: ipvlans and ipvtaps of one parent reach each other. */
export function onParent(config: IpvlanConfig): string | undefined {
  return parentSegment('ipvlan', config)
}

/** The host's interface for hostAccess: an ipvlan, like the containers'. */
export function shimOf(config: IpvlanConfig): ShimKind {
  return { ...ipvlanKind(config), ownMac: false, neighbours: !isRouted(config) }
}

/** Makes the container's interface; all validation comes before the first change of the kernel. @throws CniError */
export async function createIpvlan(life: Life<AnyConfig>, kind: IpvlanKind): Promise<Parent> {
  const { request } = life
  const config: AnyConfig = requireMaster(request)
  const side = parentSide(life, config)
  const link = findParent(side, config, request.log)
  const addresses = listAddresses(side, link).filter(({ scope }) => scope === 0)
  const parent = { link, addresses, probesBy: probesBy(config, link) }
  refuseMac(request, link)
  validateLease(configuredLease(config), config, parent)
  if (config.hostAccess && !isRouted(config)) refuseStrictFilter(link)
  if (!link.up)
    request.log.warn(`${link.name} is down: no packets pass until it is up: ip link set dev ${link.name} up`)
  try {
    makeOnPort(life, link, () =>
      makeChild(life, link, { ...ipvlanKind(config), kind, mtu: config.mtu || undefined }),
    )
  } catch (error) {
    if (isErrno(error, 'EINVAL')) throw notEthernet(link, kind, error)
    throw await explainRefusal(error, side, link, kind)
  }
  return parent
}

/** All ipvlans of a parent have its MAC address; the kernel ignores another one silently. */
function refuseMac(request: Request<IpvlanConfig>, { name, mac }: Link): void {
  const requested = requestedMac(request)
  if (!requested || formatMac(Buffer.from(parseMac(requested) ?? [])) === mac) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `MAC address ${requested} is not possible: all ipvlans on ${name} have its own, ${mac}: request none`,
    hint: 'request none ("mac" in runtimeConfig or args, MAC in CNI_ARGS), or use "type": "macvlan"',
  })
}

/** The host receives container packets on the parent, but its route to the container is the shim: a strict reverse path filter drops them (RFC 3704). */
function refuseStrictFilter({ name }: Link): void {
  const filters = ['all', name].map((scope) => Number(readSysctl('ipv4', 'conf', scope, 'rp_filter')))
  if (Math.max(...filters) !== 1) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `hostAccess: the strict reverse path filter of ${name} drops packets from containers to the host: make it loose`,
    hint: `sysctl -w net.ipv4.conf.${name}.rp_filter=2; or use "mode": "l3", to which the filter does not apply`,
    see: `sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.${name}.rp_filter`,
  })
}

/** EINVAL of ipvlan_link_new, drivers/net/ipvlan/ipvlan_main.c. */
function notEthernet({ name }: Link, kind: IpvlanKind, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${kind} cannot sit on ${name}: the parent must be an Ethernet device, and not loopback`,
    hint: 'name a NIC, a bond, a bridge or a VLAN as master',
    ...factsOf(cause),
  })
}

/** Probes leave by the parent: ipvlan delivers by IP address, and a probing container has none yet, so the answers arrive at the parent. */
function probesBy({ linkInContainer }: IpvlanConfig, link: Link): ProbingLink | undefined {
  return link.up ? { link, isInside: linkInContainer } : undefined
}

/** CHECK: kind, parent, mode, flag and host access are as ADD made them. @throws CniError */
export async function checkIpvlan(
  sides: Sides,
  request: Request<AnyConfig>,
  prevResult: Result,
  kind: IpvlanKind,
): Promise<void> {
  const { config, ifname } = request
  const parent = parentNow(sides, request)
  const { data = Buffer.alloc(0) } = checkChild(sides, request, kind, parent)
  const { mode, flag } = parseIpvlan(data)
  const changeIpvlan = `ip link set dev ${ifname} type ${kind} mode ${config.mode} ${config.flag}`
  if (mode !== config.mode || flag !== config.flag)
    throw broken(
      `${ifname} has mode ${mode}, flag ${flag}, not mode ${config.mode}, flag ${config.flag}: they changed for all ipvlans on ${parent.name}`,
      {
        hint: `repair it: ${commandIn(request, changeIpvlan)}`,
        see: seeLink(ifname, request),
      },
    )
  if (!config.hostAccess) return
  const { checkHostAccess } = await import('../../shared/host/access-check.ts')
  checkHostAccess(sides, request, parent, shimOf(config), prevResult)
}
