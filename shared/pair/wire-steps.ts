/** The steps of wire and vxcan: plugins that connect two containers by a pair. */

import { broken } from '../attachment/broken.ts'
import type { Device, Life, Made, Trace } from '../attachment/device.ts'
import { hostSocket, type Sides } from '../attachment/sides.ts'
import type { Request } from '../cni/plugin.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { waitUntilRunning } from '../link/running.ts'
import { seeLink } from '../netlink/command.ts'
import { findLink } from '../netlink/link.ts'
import type { PairKind } from '../netlink/pair.ts'
import { idOf, isSame, readEnds, type WireConfig, wireOf } from './wire.ts'
import { attach } from './wire-attach.ts'
import { cut, cutStale } from './wire-cut.ts'
import type { Held } from './wire-ends.ts'

/** The other container's end, if there is one already. */
export interface Wired extends Made {
  other?: Held
}

/** The wire that an attachment has an end of. */
function wireOfKind(kind: PairKind): Trace<WireConfig> {
  return {
    remove: (request) => cut(hostSocket(), request, kind),
    collect: (request) => cutStale(hostSocket(), request),
  }
}

/** The steps by which containers get the ends of wires. */
export function wireSteps(kind: PairKind) {
  return {
    create: (life: Life<WireConfig>): Wired => ({ other: attach(life, kind) }),
    settle,
    vanishes: 'a wire is gone from both containers when one of them is deleted',
    leaves: [wireOfKind(kind)],
    check: (sides: Sides, request: Request<WireConfig>) => check(sides, request, kind),
  } satisfies Device<WireConfig, Wired>
}

/** Waits for the carrier if the other end is up. The first container does not wait: its end has no carrier yet. */
function settle({ inside, container, request }: Life<WireConfig>, { other }: Wired): void {
  if (other?.link.up) inNamespace(container, () => waitUntilRunning(inside, { name: request.ifname }))
}

/** @throws CniError when the interface is not an end of this wire, or the wire's record is lost */
function check({ inside }: Sides, request: Request<WireConfig>, kind: PairKind): void {
  const { ifname } = request
  const wire = wireOf(request, kind)
  if (findLink(inside, ifname)?.alias !== idOf(wire))
    throw broken(`${ifname} is no end of wire ${wire.wire} any more`, { see: seeLink(ifname, request) })
  if (!readEnds(wire).some((end) => isSame(end, request)))
    throw broken(`wire ${wire.wire} has lost its record of this container`)
}
