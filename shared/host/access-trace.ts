/** `hostAccess` for the plugins that have the key. Its code is loaded by DEL, by GC, and where a configuration sets the key. */

import type { Connected, InterfaceConfig, Life, Trace } from '../attachment/device.ts'
import type { Result } from '../cni/result.ts'
import type { Link } from '../netlink/link.ts'
import type { ShimKind } from './shim.ts'

/** The container's claim of the shim, and the routes and neighbours to the container. */
export const hostAccess: Trace = {
  remove: async (request) => (await import('./access.ts')).removeHostAccess(request),
  collect: async (request) => (await import('./access.ts')).collectHostAccess(request),
}

/** For a device's `connect`: nothing unless the configuration has `hostAccess`. */
export async function connectIfWanted(
  life: Life<InterfaceConfig & { hostAccess: boolean }>,
  parent: Link,
  kind: ShimKind,
  lease: Result,
): Promise<Connected> {
  if (!life.request.config.hostAccess) return {}
  return (await import('./access.ts')).connectHostAccess(life, parent, kind, lease)
}
