/** The containers that hold addresses of host-local. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import { ifnameFault, isIdentifier } from '../../shared/config/names.ts'
import { type Held, heldByOne, heldIn } from '../../shared/ipam/host-local/holders.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import type { Sighting } from './sighting.ts'

/** All below a directory; the folder of a network has its name. @throws KernelError */
export function allAddresses(dataDir: string): Sighting[] {
  return networksBelow(dataDir).flatMap((name) =>
    heldIn(`${dataDir}/${name}`).flatMap((held) => sightingOf(dataDir, name, held)),
  )
}

/** The networks of which host-local keeps addresses below a directory. @throws KernelError */
export function networksBelow(dataDir: string): string[] {
  const entries = readDirectoryIfAny(dataDir)
  return entries.flatMap(({ name, directory }) => (directory && isIdentifier(name) ? name : []))
}

/** Those of one attachment. */
export function addressesOf(dataDir: string, attachment: Attachment): Sighting[] {
  const { network } = attachment
  return heldByOne(`${dataDir}/${network}`, attachment).flatMap((held) => sightingOf(dataDir, network, held))
}

/** The attachment that holds an address. A record of an old release has no interface: DEL of any releases its address. */
export function holderOf(
  network: string,
  { containerID, ifname = 'eth0' }: Pick<Held, 'containerID' | 'ifname'>,
): Attachment {
  return { network, containerID, ifname }
}

/** A holder whose name no runtime can give is left out. */
function sightingOf(dataDir: string, network: string, held: Held): Sighting[] {
  const { file, netns, written } = held
  const attachment = holderOf(network, held)
  if (!isIdentifier(attachment.containerID) || ifnameFault(attachment.ifname)) return []
  return [{ attachment, source: `${dataDir}/${network}/${file}`, place: netns && { ...netns, written } }]
}
