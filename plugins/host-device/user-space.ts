/** A PCI device with a user-space driver (DPDK): it has no interface to move, and the result contains its PCI address. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Device } from '../../shared/attachment/device.ts'
import { hostSocket, type Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError } from '../../shared/error/error.ts'
import { driverOf } from '../../shared/link/bus.ts'
import type { HostDeviceConfig } from './config.ts'
import { named, requireDevice } from './find.ts'

/** Drivers that let a program use the device (dpdk.org, "Linux Drivers"). */
const drivers = ['vfio-pci', 'uio_pci_generic', 'igb_uio']

/** Whether the named device has a user-space driver. False when it cannot be found. */
export function isUserSpace(config: HostDeviceConfig): boolean {
  try {
    const { directory } = named(config)
    return directory !== undefined && drivers.includes(driverOf(directory) ?? '')
  } catch (error) {
    if (error instanceof CniError) return false
    throw error
  }
}

/** Only the result has the addresses, for the program: there is no interface to assign them to. */
export const userSpace: Device<HostDeviceConfig> = {
  gives: 'addresses',
  create: () => {},
  connect: ({ request }) => ({ own: { pciID: addressOf(request.config) } }),
  check,
  status: (request) => requireDevice(hostSocket(), request),
}

function addressOf(config: HostDeviceConfig): string | undefined {
  return named(config).directory?.split('/').at(-1)
}

/** @throws CniError when prevResult contains another device */
function check(_: Sides, { ifname, config }: Request<HostDeviceConfig>, { interfaces }: Result): void {
  const found = interfaces.find(({ name, sandbox }) => name === ifname && sandbox)
  const address = addressOf(config)
  if (found?.pciID === undefined || found.pciID === address) return
  throw broken(`${ifname} is device ${found.pciID}, but the network names ${address} now`, {
    see: `ls -l ${named(config).directory}/driver`,
  })
}
