/** host-device: moves a device of the host into the container, and back with its former state. */

import type { Device, Life, Made } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { lentLinks } from '../../shared/lent/give-back.ts'
import { lendHosts } from '../../shared/lent/lend.ts'
import { withLent } from '../../shared/lent/record.ts'
import { pciAddressOf } from '../../shared/link/bus.ts'
import { changeLink } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { config, type HostDeviceConfig } from './config.ts'
import { findDevice, named, requireDevice } from './find.ts'
import { giveBackReferences } from './reference.ts'
import { isUserSpace, userSpace } from './user-space.ts'

/** Both for either kind of device: its driver may have changed since ADD. */
const leaves = [lentLinks, { remove: giveBackReferences }]

/** What the result contains besides the interface. */
interface Moved extends Made {
  pciID?: string
}

const moving: Device<HostDeviceConfig, Moved> = {
  gives: 'lent',
  leaves,
  vanishes: 'a NIC can be unplugged, and a virtual device deleted',
  prepare: requestedMac,
  create: (life) => withLent(() => create(life)),
  // Not every driver can change the MAC address while the interface is up.
  bringUp: () => ({ upLast: true }),
  connect: (_, { pciID }) => ({ own: { pciID } }),
  status: (request) => requireDevice(hostSocket(), request),
}

export const hostDevice = interfacePlugin<HostDeviceConfig>({
  name: 'host-device',
  summary: 'moves a device of the host into a container, and gives it back as it was',
  config,
  device: (config) => (isUserSpace(config) ? { ...userSpace, leaves } : moving),
})

/** Equivalent to `ip link set DEVICE down netns NS name IFNAME`. */
function create(life: Life<HostDeviceConfig>): Moved {
  const { host, inside, request } = life
  const { config, ifname } = request
  const link = findDevice(host, config)
  const pciID = pciAddressOf(link.name)
  lendHosts({ ...life, holder: request }, [{ link, nameInside: ifname, path: named(config).directory }])
  const [mac, mtu] = [requestedMac(request), config.mtu || undefined]
  if (mac || mtu) ask(inside, changeLink({ name: ifname }, { mac, mtu }))
  return { pciID }
}
