/** Devices by their bus address in sysfs: `/sys/bus/pci/devices/0000:00:1f.6/net/eth0`. */

import { readDirectoryIfAny, readLink } from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'

/** Domain, bus, device, function; a domain may have more than four digits (behind Intel's VMD). */
export const pciAddress = /^[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[01][0-9a-fA-F]\.[0-7]$/

/** A device on the auxiliary bus, a subfunction of a NIC: `mlx5_core.sf.4`. */
const auxiliaryName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** Whether a text may be the address of a device on one of the buses. */
export function isBusAddress(id: string): boolean {
  return pciAddress.test(id) || auxiliaryName.test(id)
}

/** The directory of a device on the PCI or auxiliary bus; undefined when it does not exist. */
export function deviceDirectory(id: string): string | undefined {
  if (pciAddress.test(id)) return existing(`/sys/bus/pci/devices/${id.toLowerCase()}`)
  return auxiliaryName.test(id) ? existing(`/sys/bus/auxiliary/devices/${id}`) : undefined
}

function existing(path: string): string | undefined {
  return stat(path) ? path : undefined
}

/** The first interface of a device, in the host's namespace. virtio devices have theirs one level below. */
export function interfaceOf(directory: string): string | undefined {
  const names = [directory, ...virtio(directory)].flatMap((device) => namesIn(`${device}/net`))
  return names.sort()[0]
}

function virtio(directory: string): string[] {
  const below = namesIn(directory).filter((name) => /^virtio\d+$/.test(name))
  return below.map((name) => `${directory}/${name}`)
}

function namesIn(directory: string): string[] {
  const entries = readDirectoryIfAny(directory)
  return entries.map(({ name }) => name)
}

/** The driver that a device is bound to. */
export function driverOf(directory: string): string | undefined {
  return readLink(`${directory}/driver`)?.split('/').at(-1)
}

/** The PCI address of an interface's device; undefined when it is not on the PCI bus. */
export function pciAddressOf(name: string): string | undefined {
  const path = readLink(`/sys/class/net/${name}`)?.split('/') ?? []
  return path.findLast((part) => pciAddress.test(part))
}
