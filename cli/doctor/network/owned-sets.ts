/** Our nftables sets whose elements name an attachment. */

import * as isolation from '../../../shared/firewall/isolation.ts'
import * as macs from '../../../shared/firewall/macspoofchk.ts'
import * as masquerade from '../../../shared/firewall/masquerade-frame.ts'
import { frameOf } from '../../../shared/firewall/portmap-frame.ts'
import { families } from '../../../shared/ip/address.ts'
import type { NamedSet } from '../../../shared/netlink/nftables-sets.ts'

/** All but those of host ports with conditions: those that each attachment has elements in, and others. */
export function ownedSets(): { leading: NamedSet[]; others: NamedSet[] } {
  const frames = families.map((family) => frameOf(family))
  return {
    leading: [
      ...families.map(masquerade.addressMap),
      ...families.map(masquerade.attachmentMap),
      ...macs.sets,
      ...isolation.selfSets,
      ...frames.flatMap(({ ports, addresses }) => [ports, addresses]),
    ],
    others: frames.flatMap(({ attachments, self, neighbours, localhost, masquerade: all }) => [
      ...[attachments, self, neighbours, all],
      ...(localhost ? [localhost] : []),
    ]),
  }
}
