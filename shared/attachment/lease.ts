/** The addresses of an attachment: from IPAM, probed if `ipam.probe` is set, completed by the device. */

import { emptyResult, type Result } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import type { Ipam } from '../ipam/ipam.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import type { Device, InterfaceConfig, Life, Made } from './device.ts'
import type { Probing } from './probe.ts'

/** What the addresses are for. */
interface Wanted<Config extends InterfaceConfig> {
  device: Device<Config>
  made: Made
  /** The container's interface, if ADD gives it one. */
  link?: Link
  /** IPAM uses that interface. */
  isUsed: boolean
  ipam?: Ipam
}

/** Addresses, routes and DNS settings: from IPAM, or from the earlier plugins if the device gives `nothing`. */
export async function leaseFor<Config extends InterfaceConfig>(
  life: Life<Config>,
  wanted: Wanted<Config>,
): Promise<Result> {
  const { device, made, ipam } = wanted
  const before = device.gives === 'nothing' ? life.request.prevResult : undefined
  const lease = ipam ? await allocate(ipam, life, wanted) : (before ?? emptyResult())
  return device.complete?.(lease, life, made) ?? lease
}

async function allocate<Config extends InterfaceConfig>(
  ipam: Ipam,
  life: Life<Config>,
  { device, made, link, isUsed }: Wanted<Config>,
): Promise<Result> {
  const { request, undo } = life
  const { type, probe } = request.config.ipam ?? {}
  const settle = () => device.settle?.(life, made)
  if (link && isUsed) setUp(life, link, settle)
  const probing = link && probe && !isUsed ? { life, link, by: made.probesBy, settle } : undefined
  // The probe registers the inverse itself, before its first attempt.
  const lease = probing ? await probed(ipam, probing) : await ipam.add()
  if (!probing) undo(() => ipam.del())
  if (lease.ips.length > 0) return lease
  throw new CniError(Code.InvalidNetworkConfig, {
    // The reference's words.
    msg: `IPAM plugin ${type} returned missing IP config: give it ranges, or leave ipam out`,
    hint: 'configure ranges or addresses in ipam, or leave ipam out for a network without addresses',
  })
}

/** IPAM asks through the interface at once: what it sends must not be lost at a port of the host that is not up yet. */
function setUp({ inside }: Life<InterfaceConfig>, link: Link, settle: () => void): void {
  ask(inside, changeLink(link, { up: true }))
  settle()
}

async function probed(ipam: Ipam, probing: Probing): Promise<Result> {
  const { unclaimedLease } = await import('./probe.ts')
  return unclaimedLease(ipam, probing)
}
