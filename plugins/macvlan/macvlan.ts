/** The container's macvlan, or macvtap: how it is made, and what CHECK must find of it. */

import { broken, mismatch } from '../../shared/attachment/broken.ts'
import type { Life, Made } from '../../shared/attachment/device.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import { CniError, Code, factsOf } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { checkChild, createChild } from '../../shared/link/child.ts'
import { findParent, parentSegment, parentSide } from '../../shared/link/parent.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, type Link } from '../../shared/netlink/link.ts'
import { macvlanKind, parseMacvlan } from '../../shared/netlink/macvlan.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { MacvlanConfig } from './keys.ts'
import { chosenMac, ownMac } from './mac.ts'

/** Its frames go to the container's stack, or to who opens its file. The kernel takes the same attributes for both. */
export type MacvlanKind = 'macvlan' | 'macvtap'

/** The segment of a network: macvlans and macvtaps of one parent reach each other. */
export function onParent(config: MacvlanConfig): string | undefined {
  return parentSegment('macvlan', config)
}

/** What is made: an interface on its parent. */
export interface OnParent extends Made {
  parent: Link
}

/** Makes the container's interface. */
export async function createMacvlan(life: Life<MacvlanConfig>, kind: MacvlanKind): Promise<OnParent> {
  const { request } = life
  const parent = parentOf(life, request)
  if (!parent.up) request.log.warn(`master ${parent.name} is down: nothing passes until it is up`)
  try {
    await createChild(life, parent, { ...optionsOf(request), kind, mtu: request.config.mtu || undefined })
    if (request.config.mode === 'passthru') changeParentsMac(life)
  } catch (error) {
    throw isErrno(error, 'EINVAL') ? explain(error, parent, kind, request.config) : error
  }
  return { parent }
}

export function parentOf(
  sides: Pick<Sides, 'host' | 'inside'>,
  { config, log }: Request<MacvlanConfig>,
): Link {
  return findParent(parentSide(sides, config), config, log)
}

function optionsOf(request: Request<MacvlanConfig>) {
  const { mode, sourceMacs, bcqueuelen } = request.config
  return { ...macvlanKind({ mode, sourceMacs, bcqueuelen: bcqueuelen || undefined }), mac: ownMac(request) }
}

/** Another MAC address in mode passthru becomes the parent's; it gets its own back when the container's interface goes. */
function changeParentsMac({ inside, request }: Life<MacvlanConfig>): void {
  const mac = chosenMac(request)
  if (mac) ask(inside, changeLink({ name: request.ifname }, { mac }))
}

/** The kernel says EINVAL, and nothing more, of a parent that is no Ethernet device and of one that is taken alone. */
function explain(
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
      ? 'passthru takes its parent alone, and another macvlan is there already'
      : 'another macvlan, in mode passthru, has it alone'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${kind} in mode ${mode} cannot sit on ${name}: ${why}`,
    hint: `put this network on another parent, or delete the container that has ${name}`,
    ...because,
  })
}

/** @throws CniError naming the first thing that is not as ADD left it */
export function checkMacvlan(
  sides: Sides,
  request: Request<MacvlanConfig>,
  parent: Link,
  kind: MacvlanKind,
): void {
  const { ifname, config } = request
  const { mode, sourceMacs = [], bcqueuelen } = config
  const { data } = checkChild(sides, request, kind, parent)
  const found = parseMacvlan(data ?? Buffer.alloc(0))
  const see = seeLink(ifname, request)
  if (found.mode !== mode) throw broken(mismatch(ifname, 'mode', found.mode, mode), { see })
  if (bcqueuelen && found.bcqueuelen !== bcqueuelen)
    throw broken(mismatch(ifname, 'bcqueuelen', found.bcqueuelen, bcqueuelen), { see })
  if (!sameMacs(found.sourceMacs ?? [], sourceMacs))
    throw broken(`${ifname} does not take the frames of just ${sourceMacs.join(', ')}`, { see })
}

function sameMacs(one: string[], other: string[]): boolean {
  const canonical = (macs: string[]) =>
    [...new Set(macs.map((mac) => formatMac(parseMac(mac) ?? Buffer.alloc(6))))].sort()
  return canonical(one).join() === canonical(other).join()
}
