/** Makes and checks the container's macvlan or macvtap. */

import { broken, mismatch, repairable } from '../../shared/attachment/broken.ts'
import type { Life, Made } from '../../shared/attachment/device.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { withMasterIfAny } from '../../shared/link/chain.ts'
import { checkChild, createChild } from '../../shared/link/child.ts'
import { findParent, type ParentConfig, parentSegment, parentSide } from '../../shared/link/parent.ts'
import { parentMacs } from '../../shared/link/parent-now.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeKind, changeLink, type Link, type LinkSettings } from '../../shared/netlink/link.ts'
import { macvlanKind, parseMacvlan } from '../../shared/netlink/macvlan.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { MacvlanConfig } from './keys.ts'
import { chosenMac, ownMac } from './mac.ts'

/** A macvlan's frames go to the container's network stack, a macvtap's to the program that opens its device node. Both have the same netlink attributes. */
export type MacvlanKind = 'macvlan' | 'macvtap'

/** The segment of a network: macvlans and macvtaps of one parent reach each other. */
export function onParent(config: ParentConfig): string | undefined {
  return parentSegment('macvlan', config)
}

/** What ADD makes: an interface on its parent. */
export interface OnParent extends Made {
  parent: Link
}

/** Makes the container's interface. @throws CniError when the parent cannot have it */
export async function createMacvlan(
  life: Life<MacvlanConfig>,
  kind: MacvlanKind,
  settings: Pick<LinkSettings, 'promisc'> = {},
): Promise<OnParent> {
  const { request } = life
  const config = withMasterIfAny(request)
  const parent = findParent(parentSide(life, config), config, request.log)
  if (!parent.up) request.log.warn(`master ${parent.name} is down: no frames pass until it is up`)
  try {
    await createChild(life, parent, {
      ...optionsOf(request),
      ...settings,
      kind,
      mtu: request.config.mtu || undefined,
    })
    if (request.config.mode === 'passthru') changeParentsMac(life)
  } catch (error) {
    throw isErrno(error, 'EINVAL') ? explainEinval(error, parent, kind, request.config) : error
  }
  return { parent }
}

function optionsOf(request: Request<MacvlanConfig>) {
  const { mode, sourceMacs, bcqueuelen } = request.config
  return { ...macvlanKind({ mode, sourceMacs, bcqueuelen: bcqueuelen || undefined }), mac: ownMac(request) }
}

/** In mode passthru the parent gets the interface's MAC address; the kernel restores the parent's own when the interface is deleted. */
function changeParentsMac({ inside, request }: Life<MacvlanConfig>): void {
  const mac = chosenMac(request)
  if (mac) ask(inside, changeLink({ name: request.ifname }, { mac }))
}

/** EINVAL means that the parent is no Ethernet device, or that mode passthru is in the way (macvlan_port_create and macvlan_common_newlink, drivers/net/macvlan.c). */
function explainEinval(
  cause: KernelError,
  { name, mac }: Link,
  kind: MacvlanKind,
  { mode }: MacvlanConfig,
): CniError {
  const because = factsOf(cause)
  if (!/[1-9a-f]/.test(mac)) {
    return new CniError(Code.InvalidNetworkConfig, {
      msg: `${kind} cannot sit on ${name}: it is no Ethernet device, name another master`,
      hint: 'name an Ethernet interface as master',
      ...because,
    })
  }
  const why =
    mode === 'passthru'
      ? 'passthru needs a parent without other macvlans'
      : 'a macvlan in mode passthru has it already'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${kind} in mode ${mode} cannot sit on ${name}: ${why}, so use another parent`,
    hint: `put this network on another parent, or delete the container that has ${name}`,
    ...because,
  })
}

/** CHECK: in mode passthru the interface follows the parent's MAC address, unless it has one of its own. */
export function passthruMacs(sides: Sides, request: Request<MacvlanConfig>): string[] {
  return request.config.mode === 'passthru' && !chosenMac(request) ? parentMacs(sides, request) : []
}

/** CHECK. @throws CniError naming the first difference from what ADD made */
export function checkMacvlan(
  sides: Sides,
  request: Request<MacvlanConfig>,
  parent: Link,
  kind: MacvlanKind,
): void {
  const link = checkChild(sides, request, kind, parent)
  const difference = differenceOf(link, request.config)
  if (difference) throw wrongOptions(difference, link, kind, request)
}

/** The first option that a link has otherwise than configured, in words. */
export function differenceOf(
  { name, data = Buffer.alloc(0) }: Link,
  { mode, sourceMacs = [], bcqueuelen }: Pick<MacvlanConfig, 'mode' | 'sourceMacs' | 'bcqueuelen'>,
): string | undefined {
  const found = parseMacvlan(data)
  if (found.mode !== mode) return mismatch(name, 'mode', found.mode, mode)
  if (bcqueuelen && found.bcqueuelen !== bcqueuelen)
    return mismatch(name, 'bcqueuelen', found.bcqueuelen, bcqueuelen)
  if (sameMacs(found.sourceMacs ?? [], sourceMacs)) return undefined
  return `${name} receives the frames of other MAC addresses than sourceMacs: ${sourceMacs.join(', ')}`
}

/**
 * The error for options that differ: one request repairs all of them. No request begins or ends mode passthru
 * (macvlan_changelink, drivers/net/macvlan.c), and this one does not empty the list of source addresses.
 */
function wrongOptions(msg: string, link: Link, kind: MacvlanKind, request: Request<MacvlanConfig>): CniError {
  const { name, data = Buffer.alloc(0) } = link
  const found = parseMacvlan(data)
  const { mode, sourceMacs = [] } = request.config
  const isFixed = mode !== found.mode && [mode, found.mode].includes('passthru')
  const mustEmpty = sourceMacs.length === 0 && found.mode === mode && (found.sourceMacs ?? []).length > 0
  if (isFixed || mustEmpty) return broken(msg, { see: seeLink(name, request) })
  const wanted = optionsOf(request)
  return repairable(
    msg,
    changeKind(link, kind, wanted.data ?? [], wanted.words ?? ''),
    seeLink(name),
    request,
  )
}

function sameMacs(one: string[], other: string[]): boolean {
  const canonical = (macs: string[]) =>
    [...new Set(macs.map((mac) => formatMac(parseMac(mac) ?? Buffer.alloc(6))))].sort()
  return canonical(one).join() === canonical(other).join()
}
