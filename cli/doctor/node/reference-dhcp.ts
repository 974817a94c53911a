/** The DHCP daemon of the reference plugins, which runs beside ours: each renews its own leases. */

import { journalDirectory } from '../../../shared/ipam/dhcp/journal.ts'
import { readFileIfAny } from '../../../shared/kernel/files.ts'
import { word } from '../../form/shell.ts'
import { dhcpSections } from '../../host/dhcp-users.ts'
import { isOfOurs } from '../../host/executable.ts'
import { entriesOfBoot } from '../../host/leases.ts'
import type { Evidence, Fault, View } from '../frame/fault.ts'
import { listDirectories } from './lists.ts'

const socket = '/run/cni/dhcp.sock'

/** Sockets of this network namespace, that of the host (proc(5), net/unix). */
const sockets = '/proc/net/unix'

/** A socket that listens has __SO_ACCEPTCON among its flags (include/linux/net.h). */
const listening = /^\S+: \S+ \S+ (\w+) \S+ \S+ +\d+ \/(?:var\/)?run\/cni\/dhcp\.sock$/m
const ACCEPTCON = 0x10000

export const referenceDhcp: Fault = {
  id: 'reference-dhcp-runs',
  title: "the reference's DHCP daemon runs beside Patchbay's dhcp",
  severity: 'warning',
  look(view) {
    const ours = usesOf(view)
    if (ours.length === 0 || !isListening()) return []
    return [
      {
        subject: socket,
        cause:
          'it goes on renewing what it gave before, also after DEL by Patchbay, which does not ask it: without a container of its own left it is not needed',
        evidence: [{ where: `grep ${socket} ${sockets}`, value: 'a process listens' }, ...ours.slice(0, 3)],
        mend: ['systemctl disable --now cni-dhcp.socket cni-dhcp.service'],
      },
    ]
  },
}

function isListening(): boolean {
  const [, flags = '0'] = listening.exec(readFileIfAny(sockets) ?? '') ?? []
  return (Number.parseInt(flags, 16) & ACCEPTCON) !== 0
}

/** The networks whose addresses our dhcp asks for, and the attachments for which it has. */
function usesOf(view: View): Evidence[] {
  const lists = listDirectories(view).flatMap((one) => one.lists)
  const users = lists
    .flatMap(({ members }) => members)
    .filter(({ type, raw }) => isOfOurs(type, view.plugins) && dhcpSections(raw.ipam).length > 0)
  const leases = entriesOfBoot().length
  return [
    ...users.map(({ file, network }) => ({
      where: file,
      value: `network ${word(network)} has ipam.type dhcp`,
    })),
    ...(leases > 0 ? [{ where: journalDirectory, value: `${leases} attachments` }] : []),
  ]
}
