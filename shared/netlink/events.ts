/** Waits for a state of the kernel, by its notifications, without polling. */

import { now, waitReadable } from '../kernel/clock.ts'
import { isErrno } from '../kernel/errno.ts'
import { closeSocket, openSocket, Protocol, readMessages, type Socket } from './socket.ts'

/** Multicast groups as bits, include/uapi/linux/rtnetlink.h (RTMGRP_*, and 1 << RTNLGRP_* - 1). */
export const Group = {
  LINK: 1,
  IPV4_IFADDR: 0x10,
  IPV6_IFADDR: 0x100,
  IPV6_ROUTE: 0x400,
  IPV6_IFINFO: 0x800,
  ND_USEROPT: 1 << 19,
} as const

/**
 * Calls `look`, and calls it again after each notification of `groups`, until it returns a value.
 * Must be called in the namespace that is watched.
 * @returns the value, or undefined when `milliseconds` are over
 */
export function waitFor<T>(groups: number, milliseconds: number, look: () => T | undefined): T | undefined {
  const first = look()
  if (first !== undefined) return first
  const events = openSocket(Protocol.ROUTE, groups)
  try {
    return watch(events, now() + milliseconds, look)
  } finally {
    closeSocket(events)
  }
}

function watch<T>(events: Socket, deadline: number, look: () => T | undefined): T | undefined {
  for (;;) {
    const answer = look()
    if (answer !== undefined) return answer
    // A process that stood still may find the state right although the time is over.
    if (!waitReadable(events.fd, deadline - now())) return look()
    drain(events)
  }
}

/** Reads notifications and ignores their content. ENOBUFS (lost notifications) is ignored, too: `look` reads the state again. */
function drain(events: Socket): void {
  try {
    readMessages(events)
  } catch (error) {
    if (!isErrno(error, 'ENOBUFS')) throw error
  }
}
