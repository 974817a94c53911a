/** The MTU of a bond or a team, which its members must have too. */

import type { Life } from '../../shared/attachment/device.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, type Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import type { MemberConfig } from './member-keys.ts'

/**
 * Sets the members' MTU: that of the configuration, or the smallest of theirs. The driver would do so, but not say which member refuses.
 * @returns it
 * @throws CniError naming the member whose limit is lower
 */
export function shareMtu(
  { inside }: Pick<Life<unknown>, 'inside'>,
  members: Link[],
  config: Pick<MemberConfig, 'mtu'>,
) {
  const mtu = config.mtu || Math.min(...members.map((link) => link.mtu))
  for (const link of members.filter((link) => link.mtu !== mtu)) {
    try {
      ask(inside, changeLink(link, { mtu }))
    } catch (error) {
      throw isErrno(error, 'EINVAL', 'ERANGE') ? tooLarge(link, mtu, error) : error
    }
  }
  return mtu
}

function tooLarge({ name, mtu: present }: Link, mtu: number, cause: Parameters<typeof factsOf>[0]): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `mtu: ${mtu} is too large for the member ${name}, which has ${present}: take less`,
    hint: "take what every member can have, or omit mtu: the smallest of the members' is used",
    see: seeLink(name),
    ...factsOf(cause),
  })
}
