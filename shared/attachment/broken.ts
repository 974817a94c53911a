/** What CHECK finds broken, with the remedy for each finding and a command that shows it. */

import { CniError, Code, type Complaint } from '../cni/error.ts'
import { commandIn, type Place, seeLink } from '../netlink/command.ts'
import { changeLink, type LinkName, type LinkSettings } from '../netlink/link.ts'
import type { Request } from '../netlink/socket.ts'

/** @param remedy its `hint` where something smaller helps than DEL and ADD */
export function broken(msg: string, remedy: Pick<Complaint, 'hint' | 'see'> = {}): CniError {
  return new CniError(Code.Internal, {
    msg,
    hint: 'run DEL and ADD again to repair the attachment',
    ...remedy,
  })
}

/** What one request puts right: the hint is its command. @param place where: a request or a socket; default: the host */
export function repairable(msg: string, repair: Request, see: string, place: Place = {}): CniError {
  const hint = repair.reproduce && `repair it: ${commandIn(place, repair.reproduce)}`
  return broken(msg, { hint, see: commandIn(place, see) })
}

/** An interface that is gone, or has become one of another kind. */
export function noSuch(kind: string, name: string, place: Place = {}): CniError {
  return broken(`there is no ${kind} ${name} any more`, { see: seeLink(name, place) })
}

/** An interface that is administratively down. */
export function isDown(name: string, place: Place = {}): CniError {
  return wrongLink(`${name} is down`, name, { up: true }, place)
}

/** An interface that has left its bridge or VRF. */
export function noPort(name: string, master: LinkName, place: Place = {}): CniError {
  return wrongLink(`${name} is no port of ${master.name} any more`, name, { master }, place)
}

/** An MTU that differs. */
export function wrongMtu(link: { name: string; mtu: number }, mtu: number, place: Place = {}): CniError {
  return wrongLink(mismatch(link.name, 'MTU', link.mtu, mtu), link.name, { mtu }, place)
}

/** What `ip link set` puts right. @param settings that the link should have */
export function wrongLink(msg: string, name: string, settings: LinkSettings, place: Place = {}): CniError {
  return repairable(msg, changeLink({ name }, settings), seeLink(name), place)
}

/** `X has KEY a, not b`. */
export function mismatch(whose: string, key: string, found: unknown, wanted: unknown): string {
  return `${whose} has ${key} ${inWords(found)}, not ${inWords(wanted)}`
}

/** An option's value for the reader. */
export function inWords(value: unknown): string {
  if (value === undefined) return 'unset'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value)
}
