/**
 * The record of what an attachment was lent. It lies below `/run`, which a reboot empties as it does the kernel, and is
 * there before anything is changed, so a DEL after a crash finds it.
 */

import { hashedName } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { tolerate } from '../kernel/errno.ts'
import { makeDirectory, readDirectory, readFileIfAny, removeTree, stat, writeFile } from '../kernel/files.ts'
import type { Settled } from '../kernel/lock.ts'
import { withStateLock } from '../state/lock.ts'
import type { LinkState } from './link-state.ts'

const state = '/run/patchbay'
const records = `${state}/lent`

/** A link as it was, and where it is meanwhile. */
export interface Lent extends LinkState {
  /** Its name in the container. */
  inside: string
  /** The alias by which it is known, whatever it is called and wherever the kernel puts it; only the host's have one. */
  mark?: string
  /** Hardware comes back by itself when the container's namespace ends; what is virtual ends with it. */
  isHardware?: boolean
  /** Where sysfs has it, when it was named by that. */
  device?: string
}

export interface Loan extends Attachment {
  netns: string
  /** Which namespace that was: its path may lead to another one later. */
  inode: string
  links: Lent[]
}

/** What identifies a loan on this host. */
export function loanOf({ network, containerID, ifname }: Attachment): string {
  return hashedName('', `${network}/${containerID}/${ifname}`)
}

/** Holds the lock of all loans: marking a link and moving it are one step to everybody else. */
export function withLoans<T>(action: () => Settled<T>): T {
  makeDirectory(state)
  return withStateLock('lent', action)
}

export function rememberLoan(
  { network, containerID, ifname, netns }: Attachment & { netns: string },
  links: Lent[],
): void {
  const loan: Loan = { network, containerID, ifname, netns, inode: inodeOf(netns), links }
  makeDirectory(directoryOf(loanOf(loan)))
  writeFile(recordOf(loanOf(loan)), JSON.stringify(loan))
}

/** Which namespace a path leads to now. */
export function inodeOf(netns: string): string {
  return String(stat(netns)?.inode)
}

/** Nothing when there is no record, or it is damaged. */
export function readLoan(id: string): Loan | undefined {
  try {
    return JSON.parse(readFileIfAny(recordOf(id)) ?? '')
  } catch {
    return undefined
  }
}

/** All that is lent on this host. */
export function loans(): Loan[] {
  const ids = tolerate(() => readDirectory(records), 'ENOENT') ?? []
  return ids.flatMap(({ name }) => readLoan(name) ?? [])
}

/** The attachment that a link of the host is lent to. */
export function borrowerOf(name: string): Attachment | undefined {
  return loans().find(({ links }) => links.some((lent) => lent.mark && lent.name === name))
}

/** Forgets a loan, and what a writer that was killed has left. */
export function forgetLoan(id: string): void {
  removeTree(directoryOf(id))
}

function directoryOf(id: string): string {
  return `${records}/${id}`
}

function recordOf(id: string): string {
  return `${directoryOf(id)}/loan`
}
