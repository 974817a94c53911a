/** The configuration of a host-device network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { boolean, describe, linkName, mac, optional, text } from '../../shared/config/schema.ts'
import { pciAddress } from './sysfs.ts'

const pciBusID = text('a PCI address such as 0000:00:1f.6', (value) => pciAddress.test(value), {
  title: 'PCI address',
  pattern: pciAddress.source,
})

const kernelpath = text('a path below /sys/devices/, without ".."', isKernelPath, {
  title: 'path below /sys/devices/',
  pattern: '^/sys/devices/',
})

function isKernelPath(value: string): boolean {
  return value.startsWith('/sys/devices/') && !value.split('/').includes('..') && !value.includes('\0')
}

const shape = {
  device: describe(optional(linkName), 'The interface, by its name on the host.'),
  hwaddr: describe(
    optional(mac),
    'The interface, by its MAC address; if several have it, a hardware device is preferred.',
  ),
  kernelpath: describe(
    optional(kernelpath),
    'The interface, by the path of its device in sysfs: the first in its directory `net`.',
  ),
  pciBusID: describe(optional(pciBusID), 'The interface, by the PCI address of its device.'),
  DPDKMode: describe(
    optional(boolean),
    'Accepted for compatibility with the reference, without effect: the device’s driver shows whether it is used by DPDK.',
  ),
}

export type HostDeviceConfig = Config<typeof shape>

export const config = network(shape)
