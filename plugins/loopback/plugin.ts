/** loopback: sets lo up, the interface by which a container reaches itself. */

import { isDown } from '../../shared/attachment/broken.ts'
import type { InterfaceConfig, Life } from '../../shared/attachment/device.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { openSidesIfAny, type Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { emptyResult, type Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { contains, formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import { type LinkAddress, listAddresses } from '../../shared/netlink/address.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask } from '../../shared/netlink/socket.ts'
import { config } from './config.ts'

/** RFC 1122 section 3.2.1.3 and RFC 4291 section 2.5.3. */
const loopbackSubnets = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseCidr(text) ?? [])

export const loopback = interfacePlugin({
  name: 'loopback',
  summary: "sets a container's lo up, so that it reaches itself",
  config,
  device: {
    gives: 'nothing',
    leaves: [{ remove: setDown }],
    create: setUp,
    complete: (_, life) => life.request.prevResult ?? describeLo(life),
    check,
  },
})

/** The interface is always lo; CNI_IFNAME is ignored. */
function setUp(life: Life<InterfaceConfig>): void {
  const { inside, request } = life
  const lo = findLo(life)
  refuseForeign(listAddresses(inside, lo), request)
  ask(inside, changeLink(lo, { up: true }))
}

function setDown(request: Request): void {
  const sides = openSidesIfAny(request)
  if (sides) ask(sides.inside, changeLink(findLo(sides), { up: false }))
}

function check(sides: Sides, request: Request): void {
  if (!findLo(sides).up) throw isDown('lo', request)
}

function findLo({ inside, container }: Sides): Link {
  const lo = findLink(inside, 'lo')
  if (lo) return lo
  throw new CniError(Code.Internal, {
    msg: `the namespace ${container.path} has no interface lo: check CNI_NETNS`,
    hint: 'every network namespace of Linux has a lo, so CNI_NETNS may name something else',
    see: commandIn(inside, 'ip link show'),
  })
}

/** Refuses a non-loopback address on lo. */
function refuseForeign(addresses: LinkAddress[], request: Request): void {
  const foreign = addresses.find(
    ({ address }) => !loopbackSubnets.some((subnet) => contains(subnet, address)),
  )
  if (!foreign) return
  throw new CniError(Code.Internal, {
    // The reference's words.
    msg: `loopback interface found with non-loopback address ${formatCidr(foreign)}`,
    hint: 'remove the address from lo, or remove loopback from this network',
    see: commandIn(request, 'ip address show dev lo'),
  })
}

function describeLo(life: Life<InterfaceConfig>): Result {
  const { inside, request } = life
  const lo = findLo(life)
  const { name, mac, mtu } = lo
  const ips = listAddresses(inside, lo).map((address) => ({ interface: 0, address: formatCidr(address) }))
  return { ...emptyResult(), interfaces: [{ name, mac, mtu, sandbox: request.netns }], ips }
}
