/** With `"peers": "store"`: what `patchbay agent` is told of this host, and with `arpSuppress` of each attachment. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Life, Trace } from '../../shared/attachment/device.ts'
import { attachmentKey } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { agentRuns, noAgent } from '../../shared/store/agent-lock.ts'
import {
  attached,
  forgetServed,
  hasServed,
  readServed,
  type ServedVtep,
  tellServed,
} from '../../shared/store/peers.ts'
import type { Change } from './change.ts'
import type { VxlanConfig } from './config.ts'
import { vtepName } from './names.ts'
import type { Underlay } from './underlay.ts'

/** The record of a configured VTEP; undefined without `peers`. */
function servedOf({ peers, vni = 0, dstport: port }: VxlanConfig, { own }: Underlay): ServedVtep | undefined {
  if (!peers || !own) return undefined
  return { vni, vtep: vtepName(vni), address: formatAddress(own.address), port }
}

/** Tells the agent that this host serves the VNI, or that its remotes are configured by now. The caller holds the segment's lock. */
export function serve(config: VxlanConfig, underlay: Underlay): void {
  const served = servedOf(config, underlay)
  if (served) tellServed(served)
  else if (!config.peers) forgetServed(vtepName(config.vni ?? 0))
}

/** The caller holds the segment's lock. @param config of a segment that is configured still: without `peers` there is no record */
export function stopServing(vtep: string, config?: Partial<VxlanConfig>): void {
  if (!config || config.peers) forgetServed(vtep)
}

/** For `patchbay reconcile`: a record that is lost, or is of an address that the host had. */
export function servingChanges(config: VxlanConfig, underlay: Underlay): Change[] {
  const name = vtepName(config.vni ?? 0)
  const served = servedOf(config, underlay)
  if (!served)
    return !config.peers && hasServed(name) ? [change('stop telling the agent of it', config, underlay)] : []
  const before = readServed(name)
  if (before?.address === served.address && before.port === served.port) return []
  return [change(`tell the agent that it receives at ${served.address}`, config, underlay)]
}

function change(says: string, config: VxlanConfig, underlay: Underlay): Change {
  return { says: [says], make: () => serve(config, underlay) }
}

/** ADD, when the interface has its addresses: the link-local ones count, too. */
export function tellAttachment({ request, inside, undo }: Life<VxlanConfig>): void {
  const { config, ifname, network, containerID, netns, log } = request
  if (!config.peers) return
  if (!agentRuns()) log.warn(noAgent)
  const link = config.arpSuppress ? findLink(inside, ifname) : undefined
  if (!link) return
  const addresses = listAddresses(inside, link).map(({ address }) => formatAddress(address))
  undo(() => attached.forget(request))
  attached.write({ network, containerID, ifname, netns, vni: config.vni ?? 0, mac: link.mac, addresses })
}

/** The record of an attachment. It is also looked for when `arpSuppress` has left the configuration, but `peers` has not. */
export const toldAttachment: Trace<VxlanConfig> = {
  remove: (request) => {
    if (request.config.peers) attached.forget(attached.find(request) ?? request)
  },
  collect: ({ network, validAttachments, config }) => {
    if (!config.peers) return
    for (const stale of attached.stale(network, validAttachments)) attached.forget(stale)
  },
}

/** CHECK. That no agent runs is a warning: what it has written carries the traffic. @throws CniError when a record is lost */
export function checkTold(request: Request<VxlanConfig>, vtep: string): void {
  const { config, log } = request
  if (!config.peers) return
  if (!agentRuns()) log.warn(noAgent)
  if (!readServed(vtep))
    throw broken(`the record by which the agent knows of VTEP ${vtep} is lost`, {
      hint: 'write it again: patchbay reconcile',
      see: 'ls -l /run/patchbay/peers/vteps',
    })
  if (config.arpSuppress && !attached.find(request))
    throw broken(
      `the record by which other hosts know of ${attachmentKey(request)} is lost: they may not reach it`,
      {
        hint: 'attach the container again',
        see: 'ls -l /run/patchbay/peers/attached',
      },
    )
}
