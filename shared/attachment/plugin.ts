/** The life of an attachment, the same for every interface plugin: a device says only what is its own. */

import { CniError, Code } from '../cni/error.ts'
import type { Plugin, Request } from '../cni/plugin.ts'
import { emptyResult, type Interface, type Result } from '../cni/result.ts'
import { runAll } from '../cni/steps.ts'
import { type Ipam, ipamOf } from '../ipam/ipam.ts'
import { tolerate } from '../kernel/errno.ts'
import { findLink, type Link, removeLink } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import { announce } from './announce.ts'
import { checkContainer } from './check.ts'
import { configure } from './configure.ts'
import type { Device, InterfaceConfig, Life } from './device.ts'
import type { Wire } from './probe.ts'
import { resultOf } from './result.ts'
import { type Undo, withUndo } from './undo.ts'
import { openWiring, openWiringIfAny } from './wiring.ts'

/** A plugin out of a device. */
export function interfacePlugin<Config extends InterfaceConfig, Made>(
  device: Device<Config, Made>,
): Plugin<Config> {
  const { name, summary, config } = device
  return {
    name,
    summary,
    config,
    args: ['MAC'],
    segment: device.segment,
    add: (request) => withUndo((undo) => add(device, request, undo)),
    del: (request) => del(device, request),
    check: (request) => check(device, request),
    status: (request) => status(device, request),
    reconcile: device.reconcile,
    gc: (request) => runAll([...(device.gc?.(request) ?? []), () => ipamOf(request)?.gc()]),
  }
}

/** Wires one container interface; leaves no trace when any step fails. */
async function add<Config extends InterfaceConfig, Made>(
  device: Device<Config, Made>,
  request: Request<Config>,
  undo: Undo,
): Promise<Result> {
  const ipam = ipamOf(request)
  device.prepare?.(request)
  await ipam?.prepare()
  const life = { ...openWiring(request), request, undo }
  refuseTaken(life)
  const made = await device.create(life)
  const link = ownLink(life)
  await device.guard?.(life, made, link)
  const lease = ipam
    ? await allocate(ipam, {
        life,
        link,
        by: () => device.probesBy?.(life, made),
        settle: () => device.settle?.(life, made),
      })
    : (device.given?.(request) ?? emptyResult())
  const complete = device.complete?.(lease, request.config, made) ?? lease
  const result = resultOf(complete, device.interfaces(made), interfaceOf(link, request), request)
  if (!device.isBare?.(request.config))
    configure(life, link, result, {
      dad: device.dad?.(request.config) ?? 'off',
      onLink: device.onLink?.(result, link),
      upLast: device.announcesWhenUp,
    })
  result.interfaces.push(...((await device.connect?.(life, made, result)) ?? []))
  device.settle?.(life, made)
  if (result.ips.length > 0 && !device.announcesWhenUp) ask(life.inside, announce(link))
  device.finish?.(life, result)
  return result
}

/** ADD onto an existing interface must fail (spec section "ADD"). */
function refuseTaken({ inside, request: { ifname, netns } }: Life<unknown>): void {
  if (!findLink(inside, ifname)) return
  throw new CniError(Code.InvalidEnvironment, {
    msg: `CNI_IFNAME: the container has an interface ${ifname} already`,
    hint: 'it was attached before and not deleted, or somebody else made it: run DEL first, or choose another name',
    see: `nsenter --net=${netns} ip link show dev ${ifname}`,
    errno: 'EEXIST',
  })
}

function ownLink({ inside, request }: Life<unknown>): Link {
  const link = findLink(inside, request.ifname)
  if (!link) throw new CniError(Code.Internal, { msg: `${request.ifname} vanished while it was being wired` })
  return link
}

/** Asks IPAM for addresses; an attachment without IPAM is a wire and nothing more. */
async function allocate(ipam: Ipam, wire: Wire): Promise<Result> {
  const { request, undo } = wire.life
  const probe = request.config.ipam?.probe === true ? await import('./probe.ts') : undefined
  const lease = probe ? await probe.unclaimedLease(ipam, wire) : await ipam.add()
  if (!probe) undo(() => ipam.del())
  if (lease.ips.length > 0) return lease
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `IPAM plugin ${request.config.ipam?.type} returned missing IP config`,
    hint: 'give it ranges or addresses, or leave ipam out for a network without addresses',
  })
}

/** The container's interface, for the result. */
function interfaceOf({ name, mac, mtu }: Link, { netns }: Request): Interface {
  return { name, mac: mac || undefined, mtu, sandbox: netns }
}

/** Takes everything back; what is gone already counts as done. The address goes last, when nobody can use it any more. */
function del<Config extends InterfaceConfig, Made>(
  device: Device<Config, Made>,
  request: Request<Config>,
): Promise<void> {
  return runAll([
    ...(device.remove?.(request) ?? []),
    () => deleteInside(request),
    () => ipamOf(request)?.del(),
  ])
}

function deleteInside(request: Request): void {
  const wiring = openWiringIfAny(request)
  const link = wiring && findLink(wiring.inside, request.ifname)
  // Somebody may be faster; and what the kernel deletes for nobody (lo) was made by nobody.
  if (link) tolerate(() => ask(wiring.inside, removeLink(link)), 'ENODEV', 'EOPNOTSUPP')
}

async function check<Config extends InterfaceConfig, Made>(
  device: Device<Config, Made>,
  request: Request<Config>,
): Promise<void> {
  const { prevResult } = request
  if (!prevResult) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: 'Required prevResult missing',
      hint: "CHECK needs ADD's result",
    })
  }
  const wiring = openWiring(request)
  checkContainer(wiring, request, prevResult, device)
  await device.check?.(wiring, request, prevResult)
  await ipamOf(request)?.check()
}

async function status<Config extends InterfaceConfig, Made>(
  device: Device<Config, Made>,
  request: Request<Config>,
): Promise<void> {
  await device.status?.(request)
  await ipamOf(request)?.status()
}
