/** ADD, from top to bottom: the device, its addresses, the host's side, the announcement, the result. */

import { requireExpressible } from '../cni/convert.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import type { Ipam } from '../ipam/ipam.ts'
import { seeLink } from '../netlink/command.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import { forgetGivenName, noteGivenName } from '../state/given-names.ts'
import { announce } from './announce.ts'
import { configure } from './configure.ts'
import { type Device, givesInterface, type InterfaceConfig, type Life, type Made } from './device.ts'
import { leaseFor } from './lease.ts'
import { findMade, whileMade } from './made.ts'
import { besideEarlier, resultOf } from './result.ts'
import { openSides, renewSides } from './sides.ts'
import type { Undo } from './undo.ts'

/** Attaches one container. @param undo takes the inverse of each step, for the case that a later step fails */
export async function add<Config extends InterfaceConfig>(
  device: Device<Config>,
  request: Request<Config>,
  undo: Undo,
  ipam: Ipam | undefined,
): Promise<Result> {
  await device.prepare?.(request)
  refuseInexpressible(device, request)
  await ipam?.prepare()
  const life = { ...openSides(request), request, undo }
  try {
    return await attach(device, life, ipam)
  } catch (error) {
    renewSides(life)
    throw error
  }
}

async function attach<Config extends InterfaceConfig>(
  device: Device<Config>,
  life: Life<Config>,
  ipam: Ipam | undefined,
): Promise<Result> {
  const hasLink = givesInterface(device.gives)
  if (hasLink) refuseTaken(life)
  keepGivenName(life)
  const made = (await device.create(life)) ?? {}
  if (!hasLink) return configureMade(device, life, ipam, made)
  const { ifname } = life.request
  const link = findMade(life.inside, ifname)
  return whileMade(life.inside, ifname, () => configureMade(device, life, ipam, made, link))
}

/** An earlier result that the version cannot express is refused before anything is changed: lo, once up, keeps its addresses. */
function refuseInexpressible<Config extends InterfaceConfig>(
  { gives }: Device<Config>,
  { prevResult, cniVersion }: Request<Config>,
): void {
  if (gives === 'nothing' && prevResult) requireExpressible(prevResult, cniVersion)
}

/** What follows when the device is made. */
async function configureMade<Config extends InterfaceConfig>(
  device: Device<Config>,
  life: Life<Config>,
  ipam: Ipam | undefined,
  made: Made,
  before?: Link,
): Promise<Result> {
  const { request } = life
  const isUsed = before !== undefined && ((await ipam?.usesLink()) ?? false)
  const lease = await leaseFor(life, { device, made, link: before, isUsed, ipam })
  // IPAM that uses the interface has set it up, and may have changed its MTU.
  const link = isUsed ? findMade(life.inside, request.ifname) : before
  const bringUp = link && device.bringUp?.(request.config, lease, link)
  const { keepDefaultRoute } = request.config
  if (link) configure(life, link, lease, request.log, { ...bringUp, keepDefaultRoute, isUsed })
  const connected = await device.connect?.(life, made, lease)
  device.settle?.(life, made)
  if (link && lease.ips.length > 0 && !bringUp?.upLast) ask(life.inside, announce(link))
  device.finish?.(life, lease)
  const own = resultOf(life, lease, { before: made.interfaces, link, ...connected })
  const result = besideEarlier(request, own)
  requireExpressible(result, request.cniVersion)
  return result
}

/** ADD onto an existing interface must fail (spec section "ADD"). */
function refuseTaken({ inside, request }: Life<unknown>): void {
  const { ifname, givenName } = request
  if (!findLink(inside, ifname)) return
  const source = givenName === undefined ? 'CNI_IFNAME' : 'ifname'
  throw new CniError(Code.InvalidEnvironment, {
    msg: `${source}: the container has an interface ${ifname} already: run DEL first`,
    hint: 'an earlier ADD was not followed by DEL, or another tool made it: run DEL first, or choose another name',
    see: seeLink(ifname, request),
    errno: 'EEXIST',
  })
}

/** Only now: the note of an attachment that lives stays when a second ADD is refused. */
function keepGivenName({ request, undo }: Life<unknown>): void {
  const { givenName } = request
  if (givenName === undefined) return
  const named = { ...request, givenName }
  undo(() => forgetGivenName(named))
  noteGivenName(named)
}
