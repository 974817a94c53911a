/** Explains the errors of the kernel for a macsec: EBUSY, EINVAL, EEXIST … Loaded on failure. */

import { CniError, Code, type Complaint, factsOf } from '../../shared/error/error.ts'
import { isErrno, KernelError } from '../../shared/kernel/errno.ts'
import { type Found, findOn } from '../../shared/link/busy.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type MacsecOptions, parseMacsec } from '../../shared/netlink/macsec.ts'
import type { Socket } from '../../shared/netlink/socket.ts'

/** Why the interface could not be created. @param error as thrown: the kernel's, or a CniError with it as cause @returns the error to throw */
export function explainCreation(
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
      msg: `offload: ${parent.name} has no MACsec in its ${offload}: remove offload`,
      hint: 'without offload the kernel processes MACsec',
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

/** EEXIST: only one interface of a parent can have a given peer (create_rx_sc, drivers/net/macsec.c). @returns the error to throw */
export function explainKeys(error: unknown): unknown {
  if (!isErrno(error, 'EEXIST')) return error
  return refusal(error, {
    msg: `peers: another container on this parent has the same peer: ${error.message}`,
    hint: 'a peer can have one container per parent: use other peers, or another parent',
  })
}

/** ERANGE: the parent's MTU minus MACsec's 32 bytes is too small. @returns the error to throw */
export function explainMtu(error: unknown, parent: Link, mtu: number): unknown {
  if (!isErrno(error, 'ERANGE')) return error
  return refusal(error, {
    msg: `mtu: ${mtu} is too large for ${parent.name}: at most ${parent.mtu - 32}, because MACsec adds 32 bytes`,
    hint: `lower mtu, or raise the parent's: ip link set dev ${parent.name} mtu ${mtu + 32}`,
  })
}

function refusal(cause: KernelError, complaint: Complaint): CniError {
  return new CniError(Code.InvalidNetworkConfig, { ...complaint, ...factsOf(cause) })
}
