/** A PCI device that a program drives from user space (DPDK): there is nothing to move, and the container is told which it has. */

import { broken } from '../../shared/attachment/broken.ts'
import { resultOf } from '../../shared/attachment/result.ts'
import { withUndo } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { emptyResult, type Result } from '../../shared/cni/result.ts'
import { ipamOf } from '../../shared/ipam/ipam.ts'
import type { HostDeviceConfig } from './config.ts'
import { named } from './find.ts'
import { driverOf } from './sysfs.ts'

/** Drivers that hand a device to a program (dpdk.org, "Linux Drivers"). */
const drivers = ['vfio-pci', 'uio_pci_generic', 'igb_uio']

/** The directory of the device, when a program drives it; undefined for what is an interface. */
export function userSpaceDevice(config: HostDeviceConfig): string | undefined {
  const { directory } = named(config)
  return directory && drivers.includes(driverOf(directory) ?? '') ? directory : undefined
}

/** The addresses are the program's to use: there is no link to put them on. */
export function addUserSpace(request: Request<HostDeviceConfig>, directory: string): Promise<Result> {
  const { ifname, netns } = request
  const ipam = ipamOf(request)
  return withUndo(async (undo) => {
    await ipam?.prepare()
    const lease = (await ipam?.add()) ?? emptyResult()
    undo(() => ipam?.del())
    return resultOf(lease, [], { name: ifname, sandbox: netns, pciID: addressOf(directory) }, request)
  })
}

function addressOf(directory: string): string | undefined {
  return directory.split('/').at(-1)
}

/** @throws CniError when the result is of another device */
export async function checkUserSpace(request: Request<HostDeviceConfig>, directory: string): Promise<void> {
  const { prevResult, ifname } = request
  if (!prevResult)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: 'Required prevResult missing',
      hint: "CHECK needs ADD's result",
    })
  const found = prevResult.interfaces.find(({ name, sandbox }) => name === ifname && sandbox)
  if (found?.pciID !== undefined && found.pciID !== addressOf(directory))
    throw broken(`${ifname} is device ${found.pciID}, and the network has ${addressOf(directory)} now`, {
      see: `ls -l ${directory}/driver`,
    })
  await ipamOf(request)?.check()
}
