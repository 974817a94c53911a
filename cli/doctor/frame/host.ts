/** What several faults look at, each once for a run. */

import { hostSocket } from '../../../shared/attachment/sides.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { type Link, listLinks } from '../../../shared/netlink/link.ts'
import { readCaches } from '../../host/caches.ts'
import { readConfigurations } from '../../host/configurations.ts'
import { dataDirsOf } from '../../host/data-dirs.ts'
import { trying } from '../../host/left-out.ts'
import { type Host, lookAtHost } from '../../host/look.ts'
import { findRuntimes, type Runtime } from '../../host/runtimes.ts'
import type { View } from './fault.ts'

/** A file that has not the form of its kind, and why. */
export interface Damaged {
  file: string
  why: string
}

/** Configurations, caches, records, and whether each container lives; and the files among them that are damaged. @throws KernelError */
const lookedOf = oncePer((view: View): { host: Host; damaged: Damaged[] } => {
  const damaged: Damaged[] = []
  const host = lookAtHost((file, why) => {
    if (/: E(ACCES|PERM|IO)\b/.test(why)) view.leftOut(file, why)
    else damaged.push({ file, why })
  })
  return { host, damaged }
})

/** Configurations, caches, records, and whether each container lives. @throws KernelError */
export const hostOf = (view: View): Host => lookedOf(view).host

/** What is known of networks, also to a user who may not read which containers there are. */
export const knownOf = oncePer((view: View): Pick<Host, 'configurations' | 'dataDirs'> => {
  try {
    return hostOf(view)
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error
    const ignored = () => {}
    const configurations = readConfigurations(
      trying('', () => readCaches(ignored), ignored),
      ignored,
    )
    return { configurations, dataDirs: dataDirsOf(configurations) }
  }
})

/** Lists, podman's networks and entries of caches that are damaged. @throws KernelError */
export const damagedOf = (view: View): Damaged[] => lookedOf(view).damaged

/** The runtimes that call plugins. */
export const runtimesOf: (view: View) => Runtime[] = oncePer(({ leftOut }: View) => findRuntimes(leftOut))

/** All links of the host. Equivalent to `ip -d link show`. @throws KernelError */
export const linksOf: (view: View) => Link[] = oncePer((_: View) => listLinks(hostSocket()))
