/** Rules of can-gw that forward frames between a CAN device of the host and a container; the kernel deletes them with the container's pair. */

import { broken } from '../../../shared/attachment/broken.ts'
import { CniError, Code, factsOf } from '../../../shared/error/error.ts'
import { isErrno, type KernelError } from '../../../shared/kernel/errno.ts'
import {
  type CanRule,
  hasCanGateway,
  isAmong,
  listCanRules,
  newCanRule,
} from '../../../shared/netlink/can-gateway.ts'
import { findLink, type Link, type LinkName } from '../../../shared/netlink/link.ts'
import { type Socket, transact } from '../../../shared/netlink/socket.ts'
import { type Gateway, parseChange, parseFilter, type Rule } from './gateway-keys.ts'

/** Adds the rules. The kernel deletes them with either interface. @returns the host's CAN device @throws CniError */
export function connectGateway(host: Socket, gateway: Gateway, end: LinkName): Link {
  const device = requireGateway(host, gateway)
  try {
    transact(host, rulesOf(gateway, device, end).map(newCanRule))
  } catch (error) {
    throw isErrno(error, 'ENODEV') ? noCanDevice(device, error) : error
  }
  return device
}

/** The kernel's rules for a configuration: each is for classic frames or for FD frames, never both. */
function rulesOf(
  { toContainer, fromContainer }: Gateway,
  device: Link,
  end: LinkName,
  echo = needsEcho(device),
): CanRule[] {
  return [
    ...toContainer.flatMap((rule) => inKernel(rule, device, end)),
    ...fromContainer.flatMap((rule) => inKernel({ echo, ...rule }, end, device)),
  ]
}

/** A vcan has no bus behind it: only programs that listen on it receive what it sends. */
function needsEcho({ kind }: Link): boolean {
  return kind === 'vcan'
}

function inKernel({ frames, echo, filter, set }: Rule, from: LinkName, to: LinkName): CanRule[] {
  const rule = {
    from,
    to,
    echo,
    filter: filter ? parseFilter(filter) : undefined,
    set: set && parseChange(set),
  }
  const kinds = { classic: [false], fd: [true], both: [false, true] }[frames]
  return kinds.map((fd) => ({ ...rule, fd }))
}

/** The host's CAN device. @throws CniError when the kernel has no can-gw, or the host no such device */
export function requireGateway(host: Socket, { device }: Gateway): Link {
  if (!hasCanGateway(host)) throw noModule()
  const link = findLink(host, device)
  if (link) return link
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `gateway.device: the host has no interface ${JSON.stringify(device)}: name a CAN device`,
    hint: 'name one of its CAN devices',
    see: 'ip link show type can',
    errno: 'ENODEV',
  })
}

/** The kernel does not load the module by itself. */
function noModule(): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: 'gateway: this kernel has no CAN gateway, or has not loaded it: load can-gw',
    hint: "load the module (modprobe can-gw), or install the package of the kernel's extra modules",
    see: 'cangw -L',
    errno: 'EOPNOTSUPP',
  })
}

function noCanDevice({ name }: Link, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `gateway.device: ${name} is no CAN device`,
    hint: 'name a CAN device of the host',
    ...factsOf(cause),
  })
}

/** CHECK. Rules of an earlier version, without echo by default, count as well. @throws CniError naming the first missing rule */
export function checkGateway(host: Socket, gateway: Gateway, end: LinkName): void {
  const device = requireGateway(host, gateway)
  const found = listCanRules(host)
  const earlier = rulesOf(gateway, device, end, false)
  const missing = rulesOf(gateway, device, end).find(
    (rule, index) => ![rule, earlier[index] ?? rule].some((one) => isAmong(found, one)),
  )
  if (!missing) return
  const { from, to, fd } = missing
  const msg = `a rule of can-gw from ${from.name} to ${to.name} is missing, for ${fd ? 'FD' : 'classic'} frames`
  throw broken(msg, { see: 'cangw -L' })
}
