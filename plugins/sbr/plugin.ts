/** sbr: the packets from each address of an interface leave by that interface, by routing tables that are chosen by the source. */

import { noInterface, requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { withNamespaceLock } from '../../shared/state/lock.ts'
import { check, notChained } from './check.ts'
import { config, type SbrConfig } from './config.ts'
import { leave } from './leave.ts'
import { addRules, moveRoutes } from './routes.ts'
import { type Source, sourcesOf } from './source.ts'

export const sbr = interfacePlugin<SbrConfig>({
  name: 'sbr',
  summary:
    'routes what a container sends by its source address, so that answers leave by the interface that was asked',
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove: leave }],
    prepare: (request) => void requiredSources(request),
    create,
    check,
  },
})

function requiredSources(request: Request<SbrConfig>): Source[] {
  return sourcesOf(request, requirePrevResult(request, notChained))
}

function create({ container, inside, request, undo }: Life<SbrConfig>): void {
  const sources = requiredSources(request)
  const { ifname, config } = request
  const { table } = config
  if (table === undefined) warnOfMissing(sources, request)
  withNamespaceLock(container, () => {
    const link = findLink(inside, ifname)
    if (!link) throw noInterface(request, `Cannot find network interface ${ifname}`)
    if (table !== undefined) addRules(inside, sources, table, undo)
    else moveRoutes(inside, link, sources, config, undo)
  })
}

function warnOfMissing(sources: readonly Source[], { ifname, log }: Request<SbrConfig>): void {
  for (const { cidr, gateway } of sources)
    if (!gateway)
      log.warn(
        `${formatAddress(cidr.address)} of ${ifname} has no gateway: what it sends beyond its routes goes by table main`,
      )
}
