/** A PCI device that a program drives from user space (DPDK): there is nothing to move, and the result tells which it is. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Device } from '../../shared/attachment/device.ts'
import { hostSocket, type Sides } from '../../shared/attachment/sides.ts'
import { CniError } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import type { HostDeviceConfig } from './config.ts'
import { named, requireDevice } from './find.ts'
import { driverOf } from './sysfs.ts'

/** Drivers that hand a device to a program (dpdk.org, "Linux Drivers"). */
const drivers = ['vfio-pci', 'uio_pci_generic', 'igb_uio']

/** Whether the device of a configuration is a program's. One that cannot be found is taken for an interface. */
export function isUserSpace(config: HostDeviceConfig): boolean {
  try {
    const { directory } = named(config)
    return directory !== undefined && drivers.includes(driverOf(directory) ?? '')
  } catch (error) {
    if (error instanceof CniError) return false
    throw error
  }
}

/** The addresses are the program's to use: there is no link to put them on. */
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

/** @throws CniError when the result is of another device */
function check(_: Sides, { ifname, config }: Request<HostDeviceConfig>, { interfaces }: Result): void {
  const found = interfaces.find(({ name, sandbox }) => name === ifname && sandbox)
  const address = addressOf(config)
  if (found?.pciID === undefined || found.pciID === address) return
  throw broken(`${ifname} is device ${found.pciID}, and the network has ${address} now`, {
    see: `ls -l ${named(config).directory}/driver`,
  })
}
