/** vlan: puts a container into a VLAN of a NIC, by one tag or by stacked tags. */

import type { Life, Made } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { withMasterIfAny } from '../../shared/link/chain.ts'
import { checkChild, childStatus, createChild, unrenamedChild } from '../../shared/link/child.ts'
import { findParent, parentSegment, parentSide, requireUp } from '../../shared/link/parent.ts'
import { below, parentNow } from '../../shared/link/parent-now.ts'
import { releaseLinks, sharedLinks } from '../../shared/link/shared-link.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { vlanKind } from '../../shared/netlink/vlan.ts'
import { config, type VlanConfig } from './config.ts'
import { checkOptions, optionsOf } from './options.ts'
import { checkOuter, explainTaken, shareOuter, tagsOf } from './tags.ts'

export const vlan = interfacePlugin<VlanConfig>({
  name: 'vlan',
  summary: "puts a container into a VLAN of a host's NIC: one tag (802.1Q, 802.1ad), or several stacked",
  config,
  segment: (config) => parentSegment('vlan', config, { vlanId: config.vlanId, tags: config.tags }),
  device: {
    leaves: [unrenamedChild, sharedLinks],
    prepare: requestedMac,
    create,
    check,
    status: (request) => childStatus(request, 'vlan'),
  },
})

async function create(life: Life<VlanConfig>): Promise<Made> {
  const { host, request, undo } = life
  const config = withMasterIfAny(request)
  const { log } = request
  const side = parentSide(life, config)
  const parent = findParent(side, config, log)
  const tags = tagsOf(config)
  if (config.vlanId === undefined && !config.tags)
    log.warn('vlanId is missing: the interface gets VLAN 0, whose tag carries a priority only: name its VLAN')
  undo(() => releaseLinks(host, request))
  const outer = await shareOuter(life, parent, tags.outer)
  const carrier = outer.at(-1) ?? parent
  if (!config.looseBinding) requireUp(carrier)
  const own = { mac: requestedMac(request), mtu: config.mtu || undefined }
  try {
    await createChild(life, carrier, { ...own, ...vlanKind(optionsOf(config)) })
  } catch (error) {
    await explainTaken(side, carrier, tags.inner, error)
  }
  return { interfaces: outer.map(({ name, mac, mtu }) => ({ name, mac, mtu })) }
}

function check(sides: Sides, request: Request<VlanConfig>): void {
  const { config, ifname } = request
  const { outer } = tagsOf(config)
  const carrier = checkOuter(sides.host, outermostParent(sides, request, outer.length), outer)
  const link = checkChild(sides, request, 'vlan', carrier)
  checkOptions(link, optionsOf(config), seeLink(ifname, request))
}

/** The parent of the outermost tag's device. Without `master`, it is below the devices that the container's VLAN sits on. */
function outermostParent(sides: Sides, request: Request<VlanConfig>, depth: number): Link {
  let parent = parentNow(sides, request)
  if (request.config.master) return parent
  for (let tags = depth; tags > 0; tags--) parent = below(sides.host, parent) ?? parent
  return parent
}
