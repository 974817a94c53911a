/** What the kernel's refusals of a macsec mean; it only says EBUSY, EINVAL, EEXIST … Loaded on failure. */

import { CniError, Code, type Complaint, factsOf } from '../../shared/cni/error.ts'
import { isErrno, KernelError } from '../../shared/kernel/errno.ts'
import { type Found, findOn } from '../../shared/link/busy.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type MacsecOptions, parseMacsec } from '../../shared/netlink/macsec.ts'
import type { Socket } from '../../shared/netlink/socket.ts'

/** Why the interface was not made. @param error as it was thrown, perhaps explained already @returns what to throw */
export function explainBirth(
  error: unknown,
  side: Socket,
  parent: Link,
  { sci, offload }: MacsecOptions,
): unknown {
  const cause = error instanceof CniError ? error.cause : error
  if (!(cause instanceof KernelError)) return error
  const sibling = isErrno(cause, 'EBUSY') && findOn(side, parent, (link) => hasSci(link, sci))
  if (sibling) return refusal(cause, taken(parent, sci, sibling))
  if (isErrno(cause, 'EINVAL') && !/[1-9a-f]/.test(parent.mac)) return refusal(cause, noEthernet(parent))
  if (isErrno(cause, 'EOPNOTSUPP') && offload !== 'off')
    return refusal(cause, {
      msg: `offload: ${parent.name} cannot do macsec by its ${offload}`,
      hint: 'take offload out',
    })
  return error
}

function hasSci({ kind, data }: Link, sci: string): boolean {
  return kind === 'macsec' && parseMacsec(data ?? Buffer.alloc(0)).sci === sci
}

function taken({ name }: Link, sci: string, { link, namespace }: Found): Complaint {
  const where = namespace ? ` in namespace ${namespace}` : ''
  return {
    msg: `macsec on ${name}: the identifier ${sci} is taken by ${link.name}${where}: choose another port`,
    hint: 'several on one parent need a port each: "port": 2',
  }
}

function noEthernet({ name }: Link): Complaint {
  return {
    msg: `macsec cannot sit on ${name}: it is no Ethernet device, name another master`,
    hint: 'name an Ethernet interface as master',
  }
}

/** What a peer sends can be only one interface's of a parent (create_rx_sc, drivers/net/macsec.c). */
export function explainKeys(error: unknown): unknown {
  if (!isErrno(error, 'EEXIST')) return error
  return refusal(error, {
    msg: `peers: another container of the parent has the same peer: ${error.message}`,
    hint: 'a peer belongs to one container of a parent: give the others peers, or a parent, of their own',
  })
}

export function explainMtu(error: unknown, parent: Link, mtu: number): unknown {
  if (!isErrno(error, 'ERANGE')) return error
  return refusal(error, {
    msg: `mtu: ${mtu} is more than ${parent.name} carries with MACsec's own bytes: at most ${parent.mtu - 32}`,
    hint: `take at most that, or raise the parent's: ip link set dev ${parent.name} mtu ${mtu + 32}`,
  })
}

function refusal(cause: KernelError, complaint: Complaint): CniError {
  return new CniError(Code.InvalidNetworkConfig, { ...complaint, ...factsOf(cause) })
}
