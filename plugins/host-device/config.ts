/** The configuration of a host-device network. The descriptions become the README's table and the JSON Schema. */

import { macRequests, requests } from '../../shared/config/common.ts'
import { type Config, network } from '../../shared/config/config.ts'
import { boolean, describe, linkName, mac, optional, string, text } from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { isBusAddress } from '../../shared/link/bus.ts'
import { ifnameKey, mtuOf, possibleMtu } from '../../shared/link/keys.ts'

/** In any form: `possibleBusAddress` looks at one that counts. */
const busAddress = text('a string', () => true, { title: 'bus address' })

const kernelpath = text('a path below /sys/devices/, without ".."', isKernelPath, {
  title: 'path below /sys/devices/',
  pattern: '^/sys/devices/',
})

function isKernelPath(value: string): boolean {
  return value.startsWith('/sys/devices/') && !value.split('/').includes('..') && !value.includes('\0')
}

const shape = {
  ...requests(() => ({ ...macRequests(), deviceID: optional(string) }), macRequests),
  ifname: ifnameKey,
  device: describe(optional(linkName), 'The interface, by its name on the host.'),
  hwaddr: describe(
    optional(mac),
    'The interface, by its MAC address; if several have it, a hardware device is preferred.',
  ),
  kernelpath: describe(
    optional(kernelpath),
    'The interface, by the path of its device in sysfs: the first in its directory `net`.',
  ),
  deviceID: describe(
    optional(busAddress),
    'The same as `pciBusID`, from Multus. Neither counts when another key, or the runtime, names the device.',
  ),
  pciBusID: describe(
    optional(busAddress),
    'The interface, by the PCI address of its device, or by the name of its auxiliary device (`mlx5_core.sf.4`).',
  ),
  mtu: mtuOf('the interface while the container has it', 'as it is'),
  DPDKMode: describe(
    optional(boolean),
    'Accepted for compatibility with the reference, without effect: the device’s driver shows whether it is used by DPDK.',
  ),
}

export type HostDeviceConfig = Config<typeof shape>

export const config = network(shape, { rules: [possibleBusAddress, possibleMtu] })

/** Multus adds both keys, in whatever form a device plugin's IDs have: they count only when nothing more exact names the device. */
function possibleBusAddress({ device, hwaddr, kernelpath, runtimeConfig, ...config }: HostDeviceConfig) {
  if (device || hwaddr || kernelpath || runtimeConfig?.deviceID) return undefined
  const key = config.deviceID === undefined ? 'pciBusID' : 'deviceID'
  const id = config[key]
  if (id === undefined || isBusAddress(id)) return undefined
  const msg = `${key} is ${JSON.stringify(id)}, must be a PCI address such as 0000:00:1f.6, or the name of an auxiliary device`
  return { msg } satisfies Complaint
}
