/** Whether a link in a container is the host's: a container can make links of its own, and give them any name, MAC address and alias. */

import { isHardware } from '../netlink/kinds.ts'
import type { Link } from '../netlink/link.ts'
import { nsidOf } from '../netlink/nsid.ts'
import { isOlder } from './identity.ts'
import type { Place } from './place.ts'

/** `unknown`: a virtual device without parent or peer, such as a dummy or tap, that is younger than the container's namespace. */
export type Origin = 'host' | 'container' | 'unknown'

/** The kernel lets a container make neither hardware, nor anything before its namespace exists, nor a link whose parent or peer is on the host. */
export function originOf(home: Place, { namespace, socket }: Place, link: Link): Origin {
  if (isHardware(link) || isOlder(namespace, link)) return 'host'
  const { parent, parentNamespace } = link
  if (parentNamespace !== undefined && parentNamespace === nsidOf(socket, home.namespace)) return 'host'
  return parent === undefined ? 'unknown' : 'container'
}
