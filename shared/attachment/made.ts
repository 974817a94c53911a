/** The interface that ADD has just made: found, deleted since, or existing before. */

import { CniError, Code } from '../error/error.ts'
import { type Place, seeLink } from '../netlink/command.ts'
import { findLink, type Link } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'

/** Finds the link that was just made. @throws CniError of code 11 when another program has deleted it since */
export function findMade(socket: Socket, name: string): Link {
  const link = findLink(socket, name)
  if (link) return link
  throw new CniError(Code.TryAgainLater, {
    msg: `${name} was deleted while it was being made: try again`,
    hint: 'another program deletes interfaces on this host: watch it with ip monitor link, and configure it to leave this one alone',
    see: seeLink(name, socket),
  })
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
