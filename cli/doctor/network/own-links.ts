/** The links of the host that Patchbay has made or uses for living attachments. */

import { parseAlias } from '../../../shared/cni/identity.ts'
import { oncePer } from '../../../shared/config/once.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import type { View } from '../frame/fault.ts'
import { linksOf } from '../frame/host.ts'
import { linksByName } from './tables.ts'
import { bridgeNameOf, type Wired, wiredOf } from './wired.ts'

/** Those of one attachment each, by their alias. */
export const ownEnds: (view: View) => Link[] = oncePer((view: View) =>
  linksOf(view).filter(({ alias }) => parseAlias(alias) !== undefined),
)

/** The bridges of living attachments, with these. */
export const bridgesOf: (view: View) => { bridge: Link; wired: Wired[] }[] = oncePer((view: View) => {
  const groups = Map.groupBy(wiredOf(view), bridgeNameOf)
  return [...groups].flatMap(([name, wired]) => {
    const bridge = name === undefined ? undefined : linksByName(view).get(name)
    return bridge?.kind === 'bridge' ? [{ bridge, wired }] : []
  })
})
