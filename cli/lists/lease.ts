/** What is odd about a plugin's section of type dhcp, and what this host lacks for it. ADD takes both. */

import { dhcpRuns } from '../../shared/ipam/dhcp/renewer.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { dhcpSections } from '../host/dhcp-users.ts'
import { type Fault, warning } from './finding.ts'
import type { Member } from './network.ts'

export function leaseFaults({ raw }: Pick<Member, 'raw'>): Fault[] {
  const sections = dhcpSections(raw.ipam)
  return sections.length > 0 ? [...sections.flatMap(sharedIdentity), ...notRenewed()] : []
}

/** The words of the key have a meaning of their own; any other text is sent as it is. */
const ownIdentities: readonly unknown[] = [undefined, 'attachment', 'pod', 'mac']

function sharedIdentity({ clientId }: Record<string, unknown>): Fault[] {
  if (ownIdentities.includes(clientId) || typeof clientId !== 'string') return []
  return [
    warning(
      `ipam.clientId ${JSON.stringify(clientId.slice(0, 60))} is the same for all containers of the network: the server gives them one address`,
      'write attachment, pod or mac, unless the network has one container at a time',
    ),
  ]
}

/** Where systemd finds units (systemd.unit(5)). */
const unitDirectories = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

function notRenewed(): Fault[] {
  if (dhcpRuns() || unitDirectories.some((directory) => stat(`${directory}/patchbay-dhcp.service`))) return []
  return [
    warning(
      'ipam.type dhcp: no patchbay dhcp runs on this host, and there is no unit patchbay-dhcp: leases end without being renewed',
      'install the unit patchbay-dhcp.service, and start it: systemctl enable --now patchbay-dhcp',
    ),
  ]
}
