/** What Patchbay's own files say of attachments: records below /run/patchbay, and the addresses that host-local has given. */

import { notedContainers } from '../../netavark/note.ts'
import { attachmentHash, interfaceHash } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { allPlaced, readPlaced } from '../../shared/device-node/record.ts'
import { kept as filters } from '../../shared/firewall/filter-record.ts'
import { kept as ports } from '../../shared/firewall/portmap-record.ts'
import { type Entry, journal } from '../../shared/ipam/dhcp/journal.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { type Holding, holdings } from '../../shared/lent/record.ts'
import { allClaimants, claimantOf } from '../../shared/link/claims.ts'
import { allWires } from '../../shared/pair/wire.ts'
import type { Recorded } from '../../shared/state/former.ts'
import { allNotes } from '../../shared/state/given-names.ts'
import { noted } from '../../shared/state/noted.ts'
import { attached, attachedFolder } from '../../shared/store/peers.ts'
import { addressesOf, allAddresses } from './addresses.ts'
import type { Sighting } from './sighting.ts'

type Found = Recorded & { inode?: string }

/** The records of one kind: all, and those of one attachment. */
interface Records {
  folder: string
  all(): Found[]
  find(attachment: Attachment): Found | undefined
}

const notes = ['firewall/ipMasq', 'firewall/macspoofchk', 'firewall/iptables', 'firewall/iptables-portmap']

const kinds: readonly Records[] = [
  ...notes.map((folder) => ({ folder, ...noted(folder) })),
  { folder: 'netavark', ...notedContainers },
  { folder: 'firewall/portmap', ...ports },
  { folder: 'firewall/filter', ...filters },
  { folder: attachedFolder, ...attached },
  { folder: 'dhcp', all: () => journal.all().map(leased), find: leaseOf },
  { folder: 'links', all: allClaimants, find: claimant },
  { folder: 'nodes', all: allPlaced, find: readPlaced },
  { folder: 'lent', all: allLent, find: lent },
  {
    folder: 'wires',
    all: ends,
    find: (one) => ends().find((end) => attachmentHash(end) === attachmentHash(one)),
  },
]

function claimant(attachment: Attachment): Found | undefined {
  const found = claimantOf(attachment)
  return found === attachment ? undefined : found
}

/** The journal knows a namespace by device and inode. */
function leased({ network, containerID, ifname, netns, namespace }: Entry): Found {
  return { network, containerID, ifname, netns, inode: namespace.slice(namespace.indexOf('/') + 1) }
}

function leaseOf(attachment: Attachment): Found | undefined {
  const entry = journal.find(attachment)
  return entry && leased(entry)
}

/** A bond on the host has its members lent, and is no container. */
function allLent(): Found[] {
  return holdings
    .all()
    .filter(({ containerID }) => containerID !== '')
    .map(placed)
}

function placed({ links: [first], ...attachment }: Holding): Found {
  return { ...attachment, netns: first?.netns, inode: first?.inode }
}

function lent(attachment: Attachment): Found | undefined {
  const holding = holdings.read(attachmentHash(attachment))
  return holding && placed(holding)
}

function ends(): Found[] {
  return allWires().flatMap(({ network, ends }) => ends.map((end) => ({ network, ...end })))
}

/** All. @param dataDirs where host-local keeps addresses @throws KernelError */
export function allSightings(dataDirs: readonly string[]): Sighting[] {
  const names = allNotes()
  const given = new Map(names.map((note) => [interfaceHash(note), note.givenName]))
  const all = [
    ...kinds.flatMap(({ folder, all }) => all().map((one) => sightingOf(folder, one))),
    ...names.map((note) => sightingOf('given-names', note)),
    ...dataDirs.flatMap(allAddresses),
  ]
  // A hash of each takes longer than all else.
  if (given.size === 0) return all
  return all.map((one) => ({ ...one, attachment: asRuntimeKnows(one.attachment, given) }))
}

/** A runtime knows an interface with a name of its own by CNI_IFNAME. */
function asRuntimeKnows(attachment: Attachment, given: ReadonlyMap<string, string>): Attachment {
  return { ...attachment, ifname: given.get(interfaceHash(attachment)) ?? attachment.ifname }
}

/** Those of one attachment. Costs the same however many there are. @param attachment as the runtime knows it */
export function sightingsOf(attachment: Attachment, dataDirs: readonly string[]): Sighting[] {
  const own = allNotes(interfaceHash(attachment)).map(({ ifname }) => ({ ...attachment, ifname }))
  return [attachment, ...own].flatMap((one) => [
    ...kinds.flatMap(({ folder, find }) => sightingIfAny(folder, find(one))),
    ...dataDirs.flatMap((dataDir) => addressesOf(dataDir, one)),
  ])
}

const sightingIfAny = (folder: string, found: Found | undefined) => (found ? [sightingOf(folder, found)] : [])

function sightingOf(folder: string, { network, containerID, ifname, netns, inode }: Found): Sighting {
  const place = netns ? { path: netns, inode } : undefined
  return { attachment: { network, containerID, ifname }, source: `${stateDirectory}/${folder}`, place }
}
