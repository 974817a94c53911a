/** The interface that ADD has just made: found, deleted since, or existing before. */

import { CniError, Code } from '../error/error.ts'
import { type ErrnoName, isErrno } from '../kernel/errno.ts'
import { type Place, seeLink } from '../netlink/command.ts'
import { findLink, type Link } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'

/** Finds the link that was just made. @throws CniError of code 11 when another program has deleted it since */
export function findMade(socket: Socket, name: string): Link {
  const link = findLink(socket, name)
  if (link) return link
  throw new CniError(Code.TryAgainLater, {
    msg: `${name} was deleted while it was being made: try again`,
    hint: 'a DEL of this container has run meanwhile, or another program deletes interfaces: watch it with ip monitor link',
    see: seeLink(name, socket),
  })
}

/** What the kernel answers when a device is gone: its netlink messages, its files in sysfs, a TUN's descriptor. */
const gone: readonly ErrnoName[] = ['ENODEV', 'ENOENT', 'EBADFD']

/** Runs steps that fail when the link is gone. @throws CniError as `findMade`, or what the action throws */
export async function whileMade<T>(socket: Socket, name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    requireMade(error, socket, name)
    throw error
  }
}

/** The same for synchronous steps. */
export function whileMadeNow<T>(socket: Socket, name: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    requireMade(error, socket, name)
    throw error
  }
}

function requireMade(error: unknown, socket: Socket, name: string): void {
  if (isErrno(error, ...gone)) findMade(socket, name)
}

/** Refuses ADD of an attachment that an earlier ADD made, in whole or in part. @param place of its interface; default: the host */
export function existsAlready(name: string, place: Place = {}): CniError {
  return new CniError(Code.Internal, {
    msg: `this attachment exists already, with ${name}${place.netns ? ` in ${place.netns}` : ' on the host'}: run DEL first`,
    hint: 'an earlier ADD was not followed by DEL',
    see: seeLink(name, place),
    errno: 'EEXIST',
  })
}
