/** What several faults look at, each once for a run. */

import { hostSocket } from '../../../shared/attachment/sides.ts'
import { oncePer } from '../../../shared/config/once.ts'
import { type Link, listLinks } from '../../../shared/netlink/link.ts'
import { type Host, lookAtHost } from '../../host/look.ts'
import type { View } from './fault.ts'

/** Configurations, caches, records, and whether each container lives. @throws KernelError */
export const hostOf: (view: View) => Host = oncePer(({ leftOut }: View) => lookAtHost(leftOut))

/** All links of the host. Equivalent to `ip -d link show`. @throws KernelError */
export const linksOf: (view: View) => Link[] = oncePer((_: View) => listLinks(hostSocket()))
