/** Errors of CHECK: what is broken, how to repair it, and a command that shows it. */

import { CniError, Code, type Complaint } from '../error/error.ts'
import { commandIn, inWords, type Place, seeLink } from '../netlink/command.ts'
import { changeLink, type LinkName, type LinkSettings } from '../netlink/link.ts'
import type { Request } from '../netlink/socket.ts'

/** @param remedy a `hint` if less than DEL and ADD repairs it */
export function broken(msg: string, remedy: Pick<Complaint, 'hint' | 'see'> = {}): CniError {
  return new CniError(Code.Internal, {
    msg,
    hint: 'run DEL and ADD again to repair the attachment',
    ...remedy,
  })
}

/** A fault that one request repairs: the hint is its command. @param place where it is run: a request or a socket; default: the host */
export function repairable(msg: string, repair: Request, see: string, place: Place = {}): CniError {
  const hint = repair.reproduce && `repair it: ${commandIn(place, repair.reproduce)}`
  return broken(msg, { hint, see: commandIn(place, see) })
}

/** An interface that is gone, or is of another kind now. */
export function noSuch(kind: string, name: string, place: Place = {}): CniError {
  return broken(`there is no ${kind} ${name} any more`, { see: seeLink(name, place) })
}

/** An interface that is administratively down. */
export function isDown(name: string, place: Place = {}): CniError {
  return wrongLink(`${name} is down`, name, { up: true }, place)
}

/** An interface that is not a port of its bridge or VRF any more. */
export function noPort(name: string, master: LinkName, place: Place = {}): CniError {
  return wrongLink(`${name} is no port of ${master.name} any more`, name, { master }, place)
}

/** An MTU that differs. */
export function wrongMtu(link: { name: string; mtu: number }, mtu: number, place: Place = {}): CniError {
  return wrongLink(mismatch(link.name, 'MTU', link.mtu, mtu), link.name, { mtu }, place)
}

/** A fault that `ip link set` repairs. @param settings that the link should have */
export function wrongLink(msg: string, name: string, settings: LinkSettings, place: Place = {}): CniError {
  return repairable(msg, changeLink({ name }, settings), seeLink(name), place)
}

/** The words `X has KEY a, not b`. */
export function mismatch(whose: string, key: string, found: unknown, wanted: unknown): string {
  return `${whose} has ${key} ${inWords(found)}, not ${inWords(wanted)}`
}
