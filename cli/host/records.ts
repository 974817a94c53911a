/** The attachments that Patchbay's own files name: records below /run/patchbay, and the addresses that host-local has given. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import { isIdentifier } from '../../shared/config/names.ts'
import { allPlaced } from '../../shared/device-node/record.ts'
import { kept as filters } from '../../shared/firewall/filter-record.ts'
import { kept as ports } from '../../shared/firewall/portmap-record.ts'
import { heldIn } from '../../shared/ipam/host-local/holders.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { holdings } from '../../shared/lent/record.ts'
import { allClaimants } from '../../shared/link/claims.ts'
import { allWires } from '../../shared/pair/wire.ts'
import type { Recorded } from '../../shared/state/former.ts'
import { allNotes } from '../../shared/state/given-names.ts'
import { noted } from '../../shared/state/noted.ts'
import type { Sighting } from './containers.ts'

/** What the firewall's features note of attachments. */
const notes = ['ipMasq', 'macspoofchk', 'iptables', 'iptables-portmap'].map((name) => `firewall/${name}`)

/** @param dataDirs where host-local keeps addresses @throws KernelError */
export function sightings(dataDirs: readonly string[]): Sighting[] {
  const given = givenNames()
  return [...ofRecords(), ...dataDirs.flatMap(ofAddresses)].map(({ attachment, place }) => ({
    attachment: { ...attachment, ifname: given.get(interfaceKey(attachment)) ?? attachment.ifname },
    place,
  }))
}

/** A runtime knows an interface with a name of its own by CNI_IFNAME: that name, by container and own name. */
function givenNames(): Map<string, string> {
  return new Map(allNotes().map((note) => [interfaceKey(note), note.givenName]))
}

function interfaceKey({ containerID, ifname }: Omit<Attachment, 'network'>): string {
  return `${containerID}/${ifname}`
}

function ofRecords(): Sighting[] {
  const lent = holdings.all().map(({ links, ...holder }) => ({ ...holder, ...links[0] }))
  const ends = allWires().flatMap(({ network, ends }) => ends.map((end) => ({ network, ...end })))
  const all: (Recorded & { inode?: string })[] = [
    ...notes.flatMap((folder) => noted(folder).all()),
    ...[...ports.all(), ...filters.all(), ...allClaimants(), ...allPlaced(), ...ends, ...lent],
    ...allNotes(),
  ]
  return all.map(({ network, containerID, ifname, netns, inode }) => ({
    attachment: { network, containerID, ifname },
    place: netns ? { path: netns, inode } : undefined,
  }))
}

/** The folder of a network is named after it. A record of an old release has no interface: DEL of any releases its address. */
function ofAddresses(dataDir: string): Sighting[] {
  const networks = readDirectoryIfAny(dataDir).filter(
    ({ name, directory }) => directory && isIdentifier(name),
  )
  return networks.flatMap(({ name: network }) =>
    heldIn(`${dataDir}/${network}`).map(({ containerID, ifname = 'eth0', netns }) => ({
      attachment: { network, containerID, ifname },
      place: netns && { ...netns, isReplaced: !netns.isThere },
    })),
  )
}
