/** `deviceID`: a device plugin has allocated the parent, which is told by its bus address, or a macvtap of its own, told by its name. */

import type { Request } from '../../../shared/cni/plugin.ts'
import { isLinkName } from '../../../shared/config/names.ts'
import { CniError, Code } from '../../../shared/error/error.ts'
import { deviceDirectory, interfaceOf, pciAddress } from '../../../shared/link/bus.ts'
import { seeLink } from '../../../shared/netlink/command.ts'
import { findLink, type Link } from '../../../shared/netlink/link.ts'
import type { Socket } from '../../../shared/netlink/socket.ts'
import type { MacvtapConfig } from './config.ts'

/** The ID that counts: none when the configuration itself says which parent is meant. */
export function deviceIDOf(config: MacvtapConfig): string | undefined {
  return config.master || config.linkInContainer ? undefined : idIn(config)
}

function idIn({ deviceID, runtimeConfig }: MacvtapConfig): string | undefined {
  return runtimeConfig?.deviceID || deviceID || undefined
}

/** Warns of an ID that does not count. */
export function warnOfUnused({ config, log }: Request<MacvtapConfig>): void {
  const id = idIn(config)
  if (id === undefined || deviceIDOf(config) === id) return
  const named = config.master ? 'master' : 'linkInContainer'
  log.warn(`deviceID ${id} has no effect: ${named} says which parent is meant`)
}

/** Whether the ID is the name of a macvtap. */
export function namesMacvtap(config: MacvtapConfig): boolean {
  const id = deviceIDOf(config)
  return id !== undefined && !pciAddress.test(id) && deviceDirectory(id) === undefined
}

/** The configuration with its parent: that of the ID, if it has one. @throws CniError when the device has no interface on the host */
export function onDevice<C extends MacvtapConfig>(request: Request<C>) {
  const { config } = request
  const id = deviceIDOf(config)
  const master = id === undefined ? config.master : nicOf(id)
  return { ...request, config: { ...config, mode: config.mode ?? 'bridge', master } as const }
}

function nicOf(id: string): string {
  const directory = deviceDirectory(id)
  const name = directory && interfaceOf(directory)
  if (name) return name
  const why = directory ? 'it has no driver of a NIC, or a container has it' : 'there is no such device'
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `deviceID: the host has no interface of ${id}: ${why}`,
    hint: 'let the device plugin allocate devices of the host that have a network driver',
    see: directory ? `ls -l ${directory}/net ${directory}/driver` : 'lspci -D',
    errno: 'ENODEV',
  })
}

/** The macvtap on the host that the ID names. @throws CniError when there is none */
export async function findAllocated(host: Socket, config: MacvtapConfig): Promise<Link> {
  const id = deviceIDOf(config) ?? ''
  const link = (isLinkName(id) && findLink(host, id)) || (await findHashed(host, id))
  if (link.kind === 'macvtap') return link
  throw noMacvtap(link)
}

async function findHashed(host: Socket, id: string): Promise<Link> {
  const name = await macvtapCniName(id)
  const link = findLink(host, name)
  if (link) return link
  throw missing(id, name)
}

/** macvtap-cni's own name of a device since 2026, so that IDs may be long (TemporaryInterfaceName, pkg/util/iface_name.go). */
async function macvtapCniName(id: string): Promise<string> {
  const { xxh64 } = await import('./xxhash.ts')
  const bits = Number(xxh64(Buffer.from(id)) & 0xffff_ffff_ffffn)
  return `mvt${bits.toString(16).padStart(12, '0')}`
}

function noMacvtap({ name, kind = 'a NIC' }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `deviceID: ${name} is no macvtap (it is ${kind}): name a macvtap, or the parent as master`,
    hint: `to put a macvtap on it, set "master": ${JSON.stringify(name)} instead`,
    see: seeLink(name),
  })
}

function missing(id: string, hashed: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `deviceID: the host has no macvtap ${JSON.stringify(id)}: let the device plugin allocate it`,
    hint: `it makes the link, named ${id} or ${hashed}, when a pod asks for the resource; each is for one container, and DEL deletes it`,
    see: 'ip -d link show type macvtap',
    errno: 'ENODEV',
  })
}
