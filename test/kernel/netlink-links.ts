/** Links as the netlink helpers see them, for their tests. */

import * as assert from 'uvu/assert'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'

/** What finds links by name with a socket. @returns a function that fails the test when there is no such link */
export function linksOf(socket: Socket) {
  return (name: string): Link => {
    const found = findLink(socket, name)
    assert.ok(found, name)
    return found
  }
}
