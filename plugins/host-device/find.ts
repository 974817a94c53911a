/** Finds the host's device that a configuration names. Precedence as in the reference: device, hwaddr, kernelpath, the runtime's deviceID, pciBusID. */

import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { holderWith, isCalled, type Lent } from '../../shared/lent/record.ts'
import { deviceDirectory, interfaceOf } from '../../shared/link/bus.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { findLink, type Link, listLinks } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import type { HostDeviceConfig } from './config.ts'

/** The device that a configuration names. */
interface Named {
  /** For errors: the key, and its value. */
  words: string
  /** The device's directory in sysfs, if it is named by path or bus address. */
  directory?: string
  find(host: Socket): Link | undefined
  isLent(lent: Lent): boolean
}

/** @throws CniError when the configuration names no device */
export function named(config: HostDeviceConfig): Named {
  const { device, hwaddr, kernelpath } = config
  if (device) return byName(device)
  if (hwaddr) return byMac(hwaddr)
  if (kernelpath) return byDirectory(`kernelpath ${kernelpath}`, kernelpath)
  return byBus(config)
}

function byName(device: string): Named {
  return {
    words: `device ${device}`,
    find: (host) => findLink(host, device),
    isLent: (lent) => isCalled(lent, device),
  }
}

function byMac(hwaddr: string): Named {
  const wanted = formatMac(parseMac(hwaddr) ?? Buffer.alloc(6))
  const has = ({ mac }: { mac: string }) => mac === wanted
  return {
    words: `hwaddr ${wanted}`,
    find(host) {
      const links = listLinks(host).filter(has)
      return links.find(({ kind }) => kind === undefined) ?? links[0]
    },
    isLent: has,
  }
}

function byBus({ deviceID, pciBusID, runtimeConfig }: HostDeviceConfig): Named {
  const ids = { 'runtimeConfig.deviceID': runtimeConfig?.deviceID, deviceID, pciBusID }
  const [key, id] = Object.entries(ids).find(([, value]) => value) ?? []
  if (!id) throw nothingNamed()
  return byDirectory(`${key} ${id}`, deviceDirectory(id))
}

function byDirectory(words: string, directory?: string): Named {
  return {
    words,
    directory,
    find(host) {
      const name = directory && interfaceOf(directory)
      return name ? findLink(host, name) : undefined
    },
    isLent: ({ path }) => path !== undefined && path === directory,
  }
}

function nothingNamed(): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: 'specify either "device", "hwaddr", "kernelpath" or "pciBusID": no device is named',
    hint: 'or let the runtime name one: "capabilities": { "deviceID": true }, with a device plugin that allocates devices',
  })
}

/** The interface to move. @throws CniError when it is missing, lent to a container, or has a master */
export function findDevice(host: Socket, config: HostDeviceConfig): Link {
  const wanted = named(config)
  const link = wanted.find(host)
  if (!link) throw missing(wanted)
  if (link.master) throw taken(link, findLink(host, link.master)?.name)
  return link
}

function missing({ words, directory, isLent }: Named): CniError {
  const holder = holderWith(isLent)
  const why = holder
    ? `container ${holder.containerID} has it, as ${holder.ifname}`
    : `the host has no such ${directory ? 'interface: the device has no driver of a NIC, or a container has it' : 'device'}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${words}: ${why}`,
    hint: holder
      ? 'a device can be in one container only: delete that container first, or name another device'
      : 'name an existing device',
    see: directory ? `ls -l ${directory}/net ${directory}/driver` : 'ip link show',
    errno: 'ENODEV',
  })
}

/** Without this check the kernel would silently remove it from its master. */
function taken({ name, master }: Link, owner = `interface ${master}`): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${name} belongs to ${owner} already: free it`,
    hint: `free it: ip link set dev ${name} nomaster`,
    see: seeLink(name),
    errno: 'EBUSY',
  })
}

/** STATUS: the host has the device, or a container has it. A deviceID of the runtime is not known yet. @throws CniError of code 50 */
export function requireDevice(host: Socket, { config }: Request<HostDeviceConfig>): void {
  if (!config.device && !config.hwaddr && !config.kernelpath && !config.deviceID && !config.pciBusID) return
  const { words, directory, find, isLent } = named(config)
  const isThere = directory ? stat(directory) : find(host)
  if (isThere || holderWith(isLent)) return
  throw new CniError(Code.PluginNotAvailable, {
    msg: `${words}: the host has no such device`,
    hint: 'plug it in, or load its driver; see dmesg and lspci -k',
    see: 'ip link show',
    errno: 'ENODEV',
  })
}
