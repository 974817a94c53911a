/** wire: a cable between two containers, a veth pair with an end in each. */

import type { Request } from '../../shared/cni/plugin.ts'
import { broken } from '../../shared/device/check.ts'
import type { Life } from '../../shared/device/device.ts'
import { requestedMac } from '../../shared/device/mac.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { waitUntilRunning } from '../../shared/device/running.ts'
import { hostSocket, type Wiring } from '../../shared/device/wiring.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { attach } from './attach.ts'
import { config, type WireConfig } from './config.ts'
import { cut, cutStale } from './cut.ts'
import type { Held } from './ends.ts'
import { idOf, isSame, readEnds, wireOf } from './wire.ts'

export const wire = interfacePlugin<WireConfig, Held | undefined>({
  name: 'wire',
  summary: 'joins two containers by a cable of their own (a veth pair)',
  config,
  prepare: requestedMac,
  create: attach,
  interfaces: () => [],
  settle,
  vanishes: 'a wire is gone from both containers when one of them is deleted',
  remove: (request) => [() => cut(hostSocket(), request)],
  check,
  gc: (request) => [() => cutStale(hostSocket(), request)],
})

/** There is a carrier as soon as both ends are up. The first container has nobody to wait for. */
function settle({ inside, container, request }: Life<WireConfig>, other: Held | undefined): void {
  if (other?.link.up) inNamespace(container, () => waitUntilRunning(inside, { name: request.ifname }))
}

/** @throws CniError when the interface is another's, or nobody would find it */
function check({ inside }: Wiring, request: Request<WireConfig>): void {
  const { ifname, netns } = request
  const wire = wireOf(request)
  const show = `nsenter --net=${netns} ip -d link show dev ${ifname}`
  if (findLink(inside, ifname)?.alias !== idOf(wire))
    throw broken(`${ifname} is no end of wire ${wire.wire} any more`, show)
  if (!readEnds(wire).some((end) => isSame(end, request)))
    throw broken(`wire ${wire.wire} has lost its record of this container`)
}
