/** Waiting for the kernel to get somewhere: on its own notifications, never by sleeping. */

import { now, waitReadable } from '../kernel/clock.ts'
import { isErrno } from '../kernel/errno.ts'
import { closeSocket, openSocket, Protocol, readMessages, type Socket } from './socket.ts'

/** Multicast groups, include/uapi/linux/rtnetlink.h (RTMGRP_*). */
export const Group = { LINK: 1, IPV4_IFADDR: 0x10, IPV6_IFADDR: 0x100 } as const

/**
 * Looks, and looks again whenever the kernel tells of a change in `groups`, until there is an answer.
 * Must be called in the namespace that is watched.
 * @returns the answer, or undefined when `milliseconds` are over
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
    if (!waitReadable(events.fd, deadline - now())) return undefined
    drain(events)
  }
}

/** What the notification says does not matter: the kernel is asked afresh. An overrun (ENOBUFS) is as good. */
function drain(events: Socket): void {
  try {
    readMessages(events)
  } catch (error) {
    if (!isErrno(error, 'ENOBUFS')) throw error
  }
}
