/** host-device: a device of the host moves into the container, and comes back as it was. */

import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/wiring.ts'
import type { Plugin, Request } from '../../shared/cni/plugin.ts'
import { runAll } from '../../shared/cni/steps.ts'
import { ipamOf } from '../../shared/ipam/ipam.ts'
import { collectLoans, giveBack, lendHosts } from '../../shared/lent/lend.ts'
import { changeLink } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { config, type HostDeviceConfig } from './config.ts'
import { findDevice, named, requireDevice } from './find.ts'
import { bringReferencesHome } from './reference.ts'
import { pciAddressOf } from './sysfs.ts'
import { addUserSpace, checkUserSpace, userSpaceDevice } from './user-space.ts'

/** What the result says of the device besides its interface. */
interface Moved {
  pciID?: string
}

const moving = interfacePlugin<HostDeviceConfig, Moved>({
  name: 'host-device',
  summary: 'moves a device of the host into a container, and gives it back as it was',
  config,
  prepare: requestedMac,
  create,
  interfaces: () => [],
  // Not every driver takes a MAC address while the interface is up.
  announcesWhenUp: true,
  async connect({ request: { ifname } }, { pciID }, result) {
    const own = result.interfaces.find(({ name, sandbox }) => name === ifname && sandbox)
    if (own && pciID) own.pciID = pciID
    return []
  },
  vanishes: 'a NIC can be unplugged, and what is virtual can be deleted',
  status: (request) => requireDevice(hostSocket(), request),
  gc: (request) => [() => collectLoans(hostSocket(), request)],
})

/** Equivalent to `ip link set DEVICE down netns NS name IFNAME`. */
function create(life: Life<HostDeviceConfig>): Moved {
  const { host, inside, request } = life
  const { config, ifname } = request
  const link = findDevice(host, config)
  const pciID = pciAddressOf(link.name)
  lendHosts(life, [{ link, inside: ifname, device: named(config).directory }])
  const mac = requestedMac(request)
  if (mac) ask(inside, changeLink({ name: ifname }, { mac }))
  return { pciID }
}

/** The interface is the host's, so it is never deleted. */
function del(request: Request<HostDeviceConfig>): Promise<void> {
  return runAll([
    () => giveBack(hostSocket(), request),
    () => bringReferencesHome(request),
    () => ipamOf(request)?.del(),
  ])
}

export const hostDevice: Plugin<HostDeviceConfig> = {
  ...moving,
  add(request) {
    const directory = userSpaceDevice(request.config)
    return directory ? addUserSpace(request, directory) : moving.add(request)
  },
  check(request) {
    const directory = userSpaceDevice(request.config)
    return directory ? checkUserSpace(request, directory) : moving.check(request)
  },
  del,
}
