/** macsec: protects the frames that a container sends by a NIC, and receives only frames that its peers have protected. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { childStatus } from '../../shared/link/child.ts'
import { parentSegment } from '../../shared/link/parent.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import {
  addAssociations,
  type FoundAssociation,
  listAssociations,
  type SecureAssociation,
} from '../../shared/netlink/macsec-associations.ts'
import { openSocketIn, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import { config, type MacsecConfig } from './config.ts'
import { readAssociations } from './keys.ts'
import { checkMacsec, createMacsec } from './macsec.ts'

export const macsec = interfacePlugin<MacsecConfig>({
  name: 'macsec',
  summary: 'protects what a container sends by a NIC: encrypted and authenticated Ethernet frames (MACsec)',
  config,
  // Networks with different keys cannot read each other's frames.
  segment: (config) => parentSegment('macsec', config, { keyFile: config.keyFile }),
  device: {
    prepare(request) {
      requestedMac(request)
      readAssociations(request.config)
    },
    create,
    // Setting the MAC address changes the identifier.
    bringUp: () => ({ upLast: true }),
    check,
    status(request) {
      childStatus(request, 'macsec')
      readAssociations(request.config)
    },
  },
})

async function create(life: Life<MacsecConfig>): Promise<void> {
  const { inside, request } = life
  await createMacsec(life)
  const keys = readAssociations(request.config)
  const link = findLink(inside, request.ifname)
  if (!keys || !link) return
  try {
    addAssociations(genericSocket(life), link, keys.transmit, keys.receive)
  } catch (error) {
    throw (await import('./refusal.ts')).explainKeys(error)
  }
}

/** Generic netlink in the container's namespace. */
function genericSocket({ container }: Sides): Socket {
  return openSocketIn(container, Protocol.GENERIC)
}

/** @throws CniError naming the first difference from what ADD made. The kernel returns the names of keys, never the keys. */
function check(sides: Sides, request: Request<MacsecConfig>): void {
  const link = checkMacsec(sides, request)
  const keys = readAssociations(request.config)
  if (keys) checkKeys(genericSocket(sides), request, link, keys)
}

function checkKeys(
  socket: Socket,
  request: Request,
  link: Link,
  { transmit, receive }: NonNullable<ReturnType<typeof readAssociations>>,
): void {
  const see = commandIn(request, `ip macsec show ${link.name}`)
  const found = listAssociations(socket, link)
  if (!has(found.transmit, transmit))
    throw broken(`${link.name} has lost the key that it sends with`, { see })
  for (const { sci, association } of receive) {
    const channel = found.receive.find((one) => one.sci === sci && one.isActive)
    if (!channel || !has(channel.associations, association))
      throw broken(`${link.name} has lost the key of its peer ${sci}`, { see })
  }
}

function has(found: FoundAssociation[], { an, keyID }: SecureAssociation): boolean {
  return found.some((one) => one.an === an && one.keyID === keyID && one.isActive)
}
