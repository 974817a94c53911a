/** What `patchbay ipam show -o json` prints. */

import { array, number, strictObject as object, enum as oneOf, string } from 'zod'
import { heldLease } from './held-lease.ts'
import { holder } from './holder.ts'

const container = { network: string(), container: string(), interface: string(), pod: string().optional() }

export const answer = object({
  address: string(),
  ranges: array(
    object({
      network: string(),
      range: string(),
      role: oneOf(['gateway', 'network', 'broadcast']).optional().describe('Why no container gets it.'),
    }),
  ).describe('The ranges of host-local that have the address.'),
  holders: array(holder).describe("By host-local's files."),
  leases: array(heldLease).describe('Of DHCP servers, by the journal.'),
  caches: array(object({ ...container, file: string() })).describe(
    'Entries of runtimes whose result has it.',
  ),
  namespaces: array(object({ ...container, namespace: string() })).describe(
    'Containers of these whose namespace has it now.',
  ),
  way: oneOf(['local', 'link', 'gateway', 'none', 'unknown']).describe(
    'How a packet of the host leaves: it is an address of the host itself; to a link that has it; through a gateway; not at all.',
  ),
  reachable: oneOf(['answers', 'silent', 'unknown']).describe(
    'Whether it answers an ICMP echo from the host. Containers on macvlan and ipvlan never do.',
  ),
  milliseconds: number().optional().describe('Until its answer.'),
})
