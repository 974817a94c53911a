/** The container's ipvlan, or ipvtap: made on its parent, and looked at again by CHECK. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Life, ProbingLink } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import { CniError, Code, factsOf } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import type { ShimKind } from '../../shared/host/shim.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { readSysctl } from '../../shared/kernel/sysctl.ts'
import { checkChild, explainRefusal, makeChild } from '../../shared/link/child.ts'
import { findParent, parentSegment, parentSide } from '../../shared/link/parent.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { ipvlanKind, parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { withMaster } from './chain.ts'
import { type IpvlanConfig, isRouted } from './keys.ts'
import { judge, type Parent, written } from './lease.ts'
import { join } from './port.ts'

/** Its packets go to the container's stack, or to who opens its file. The kernel takes the same attributes for both. */
export type IpvlanKind = 'ipvlan' | 'ipvtap'

/** An ipvtap knows no hostAccess. */
type Asked = IpvlanConfig & { hostAccess?: boolean }

/** The segment of a network: ipvlans and ipvtaps of one parent reach each other. */
export function onParent(config: IpvlanConfig): string | undefined {
  return parentSegment('ipvlan', config)
}

/** What the host gets for hostAccess: the same as the containers. */
export function shimOf(config: IpvlanConfig): ShimKind {
  return { ...ipvlanKind(config), ownMac: false, neighbours: !isRouted(config) }
}

/** Everything that can be refused is, before the kernel is touched. */
export async function createIpvlan(life: Life<Asked>, kind: IpvlanKind): Promise<Parent> {
  const { request } = life
  const config: Asked = withMaster(request)
  const side = parentSide(life, config)
  const link = findParent(side, config, request.log)
  const addresses = listAddresses(side, link).filter(({ scope }) => scope === 0)
  const parent = { link, addresses, probesBy: probesBy(config, link) }
  refuseMac(request, link)
  judge(written(config), config, parent)
  if (config.hostAccess && !isRouted(config)) refuseStrictFilter(link)
  if (!link.up)
    request.log.warn(`${link.name} is down: nothing leaves by it until: ip link set dev ${link.name} up`)
  try {
    join(life, link, () =>
      makeChild(life, link, { ...ipvlanKind(config), kind, mtu: config.mtu || undefined }),
    )
  } catch (error) {
    if (isErrno(error, 'EINVAL')) throw notEthernet(link, kind, error)
    throw await explainRefusal(error, side, link, kind)
  }
  return parent
}

/** The kernel knows one address for all, and takes another without a word. */
function refuseMac(request: Request<IpvlanConfig>, { name, mac }: Link): void {
  const asked = requestedMac(request)
  if (!asked || formatMac(Buffer.from(parseMac(asked) ?? [])) === mac) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `MAC address ${asked} cannot be given: all ipvlans on ${name} have its own, ${mac}: ask for none`,
    hint: 'ask for none ("mac" in runtimeConfig or args, MAC in CNI_ARGS), or take "type": "macvlan"',
  })
}

/** The host hears containers by the parent and answers by its shim: the detour that a strict reverse path filter drops. */
function refuseStrictFilter({ name }: Link): void {
  const filters = ['all', name].map((scope) => Number(readSysctl('ipv4', 'conf', scope, 'rp_filter')))
  if (Math.max(...filters) !== 1) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `hostAccess: the host would drop what containers send it, by the strict reverse path filter of ${name}: make it loose`,
    hint: `make it loose: sysctl -w net.ipv4.conf.${name}.rp_filter=2; or take "mode": "l3", which it does not touch`,
    see: `sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.${name}.rp_filter`,
  })
}

/** ipvlan_link_new, drivers/net/ipvlan/ipvlan_main.c. */
function notEthernet({ name }: Link, kind: IpvlanKind, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${kind} cannot sit on ${name}: the kernel takes Ethernet devices only, and no loopback`,
    hint: 'name a NIC, a bond, a bridge or a VLAN as master',
    ...factsOf(cause),
  })
}

/** ipvlan hands frames to containers by address, of which one that probes has none: the answers end at the parent. */
function probesBy({ linkInContainer }: IpvlanConfig, link: Link): ProbingLink | undefined {
  return link.up ? { link, isInside: linkInContainer } : undefined
}

/** CHECK: the interface is of its kind, on its parent, with mode and flag, and the host's way to it is there. @throws CniError */
export async function checkIpvlan(
  sides: Sides,
  request: Request<Asked>,
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
      `${ifname} has mode ${mode}, flag ${flag}, not mode ${config.mode}, flag ${config.flag}: all on ${parent.name} were changed`,
      {
        hint: `repair it: ${commandIn(request, changeIpvlan)}`,
        see: seeLink(ifname, request),
      },
    )
  if (!config.hostAccess) return
  const { checkHostAccess } = await import('../../shared/host/access-check.ts')
  checkHostAccess(sides, request, parent, shimOf(config), prevResult)
}

/** Where no master is named, the default route or the plugin before told ADD, and need not say the same now. */
function parentNow(sides: Sides, { config, ifname, log }: Request<IpvlanConfig>): Link {
  const side = parentSide(sides, config)
  const index = config.master ? undefined : findLink(sides.inside, ifname)?.parent
  return (index && findLink(side, index)) || findParent(side, config, log)
}
