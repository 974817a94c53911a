/** loopback: the interface by which a container reaches itself. It is always there; somebody has to set it up. */

import { isDown } from '../../shared/attachment/broken.ts'
import { openWiring, openWiringIfAny, type Wiring } from '../../shared/attachment/wiring.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import type { Plugin, Request } from '../../shared/cni/plugin.ts'
import { emptyResult, type Result } from '../../shared/cni/result.ts'
import { contains, formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import { type LinkAddress, listAddresses } from '../../shared/netlink/address.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { config } from './config.ts'

/** RFC 1122 section 3.2.1.3 and RFC 4291 section 2.5.3. */
const loopbackSubnets = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseCidr(text) ?? [])

export const loopback: Plugin = {
  name: 'loopback',
  summary: "sets a container's lo up, so that it reaches itself",
  config,
  add,
  del,
  check,
}

/** Whatever CNI_IFNAME says, the interface is lo: there is no other. */
function add(request: Request): Result {
  const wiring = openWiring(request)
  const lo = findLo(wiring)
  refuseForeign(listAddresses(wiring.inside, lo), request)
  ask(wiring.inside, changeLink(lo, { up: true }))
  return request.prevResult ?? describeLo(lo, listAddresses(wiring.inside, lo), request.netns)
}

function del(request: Request): void {
  const wiring = openWiringIfAny(request)
  if (wiring) ask(wiring.inside, changeLink(findLo(wiring), { up: false }))
}

function check(request: Request): void {
  const wiring = openWiring(request)
  if (findLo(wiring).up) return
  throw isDown('lo', request)
}

function findLo({ inside, container }: Wiring): Link {
  const lo = findLink(inside, 'lo')
  if (lo) return lo
  throw new CniError(Code.Internal, {
    msg: `the namespace ${container.path} has no interface lo`,
    hint: 'every network namespace of Linux has one: check what CNI_NETNS names',
    see: commandIn(inside, 'ip link show'),
  })
}

/** An address of the world on lo is somebody's trick, which a runtime should hear of. */
function refuseForeign(addresses: LinkAddress[], request: Request): void {
  const foreign = addresses.find(
    ({ address }) => !loopbackSubnets.some((subnet) => contains(subnet, address)),
  )
  if (!foreign) return
  throw new CniError(Code.Internal, {
    msg: `loopback interface found with non-loopback address ${formatCidr(foreign)}`,
    hint: 'take the address off lo, or leave loopback out of this network',
    see: commandIn(request, 'ip address show dev lo'),
  })
}

function describeLo({ name, mac, mtu }: Link, addresses: LinkAddress[], netns: string): Result {
  const ips = addresses.map((address) => ({ interface: 0, address: formatCidr(address) }))
  return { ...emptyResult(), interfaces: [{ name, mac, mtu, sandbox: netns }], ips }
}
