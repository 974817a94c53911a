/** Probes addresses before a container gets them: RFC 5227 for IPv4, RFC 4862 for IPv6. */

import type { Result } from '../cni/result.ts'
import { CniError, Code, toCniError } from '../error/error.ts'
import { parseMac } from '../ip/mac.ts'
import type { Ipam } from '../ipam/ipam.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { type Conflict, probeFrom } from '../netlink/address-probe.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import { ask } from '../netlink/socket.ts'
import { cidrs } from './configure.ts'
import type { InterfaceConfig, Life, ProbingLink } from './device.ts'

/** How many addresses are tried before ADD fails. */
const ATTEMPTS = 8

/** An attachment whose addresses are probed. */
export interface Probing {
  life: Life<InterfaceConfig>
  /** The container's interface. */
  link: Link
  /** The link to probe from instead. */
  by?: ProbingLink
  /** Waits until frames pass. */
  settle(): void
}

/**
 * Gets a lease whose addresses are not in use. Addresses in use go back to IPAM, and the next ones are tried.
 * @throws CniError of code 11 with the other machine's MAC address, when IPAM has no other addresses
 */
export async function unclaimedLease(ipam: Ipam, probing: Probing): Promise<Result> {
  const { request, undo } = probing.life
  undo(() => ipam.del())
  const conflicts: Conflict[] = []
  for (;;) {
    const lease = await nextLease(ipam, conflicts)
    const conflict = findConflict(probing, lease)
    if (!conflict) return lease
    if (conflicts.length + 1 === ATTEMPTS || conflicts.some(({ address }) => address === conflict.address))
      throw inUse(conflict)
    await ipam.del()
    request.log.warn(`${conflict.address} is in use by ${conflict.mac}: the next address is tried`)
    conflicts.push(conflict)
  }
}

/** The next lease. @throws CniError that names the last conflict, when IPAM has no other address */
async function nextLease(ipam: Ipam, conflicts: readonly Conflict[]): Promise<Result> {
  const last = conflicts.at(-1)
  try {
    return await ipam.add(conflicts.map(({ address }) => address))
  } catch (error) {
    throw last ? inUse(last, toCniError(error)) : error
  }
}

/** Probes for the addresses of a lease. The container's interface is set up to send probes, and down afterwards. */
function findConflict(probing: Probing, lease: Result): Conflict | undefined {
  const { life, link } = probing
  const own = parseMac(link.mac)
  if (!own) return undefined
  const addresses = cidrs(lease.ips).map(({ address }) => address)
  const inside = (by: Link) => inNamespace(life.container, () => probeFrom(by, addresses, own))
  const { by: other } = probing
  if (other) return other.isInside ? inside(other.link) : probeFrom(other.link, addresses, own)
  ask(life.inside, changeLink(link, { up: true }))
  probing.settle()
  const conflict = inside(link)
  ask(life.inside, changeLink(link, { up: false }))
  return conflict
}

function inUse({ address, mac }: Conflict, cause?: CniError): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${address} is in use already: ${mac} has it, so leave it out of the range`,
    details: cause && `IPAM gave no other address: ${cause.message}`,
    hint: `find the machine with that MAC address, or leave ${address} out of the range`,
    cause,
  })
}
