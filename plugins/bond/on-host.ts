/**
 * A bond of the host, which the plugins after this one in a list sit on: the first attachment makes it, and with the last
 * it goes. To what makes a bond, the host is a container then, which has the members already.
 */

import { withUndoNow } from '../../shared/attachment/undo.ts'
import { hostSocket, type Wiring } from '../../shared/attachment/wiring.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { emptyResult, type Result } from '../../shared/cni/result.ts'
import { runAllNow } from '../../shared/cni/steps.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { writeSysctl } from '../../shared/kernel/sysctl.ts'
import { giveBack } from '../../shared/lent/lend.ts'
import { loans } from '../../shared/lent/record.ts'
import { collectLinks, releaseLinks, type SharedLink, shareLink } from '../../shared/link/shared-link.ts'
import { parseBond } from '../../shared/netlink/bond.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { checkBond, createBond, kind } from './bond.ts'
import type { BondConfig } from './config.ts'

/** No network has this name: the borrower is the bond itself, whoever its users are. */
const nobody = ''

/** The request as if for the host, whose interface is the bond. */
function forHost(request: Request<BondConfig>): Request<BondConfig> {
  const { config } = request
  const bond = { network: nobody, containerID: nobody, ifname: config.bond ?? '', netns: '/proc/self/ns/net' }
  return { ...request, ...bond, args: {}, config: { ...config, linksInContainer: true } }
}

function hostWiring(): Wiring {
  const host = hostSocket()
  return { host, inside: host, container: currentNamespace() }
}

/** Makes the bond, unless it is there. @returns what the plugins before have made, and the bond */
export function addOnHost(request: Request<BondConfig>): Result {
  const wiring = hostWiring()
  const { prevResult = emptyResult(), config } = request
  const shared: SharedLink = {
    name: config.bond ?? '',
    make: () => make(wiring, forHost(request)),
    judge: (found) => judge(found, config),
  }
  const { name, mac, mtu } = withUndoNow((undo) => {
    undo(() => giveBackOfBonds(wiring.host))
    return shareLink(wiring.host, request, shared)
  })
  return { ...prevResult, interfaces: [...prevResult.interfaces, { name, mac, mtu }] }
}

function make(wiring: Wiring, request: Request<BondConfig>): void {
  giveBack(wiring.host, request) // of one that somebody else removed
  withUndoNow((undo) => {
    createBond({ ...wiring, request, undo })
    // It only carries: the host shall neither have an address there, nor listen to routers.
    writeSysctl('1', 'ipv6', 'conf', request.ifname, 'disable_ipv6')
    ask(wiring.host, changeLink({ name: request.ifname }, { up: true }))
  })
}

/** Refuses to take for the bond what is none, or works otherwise. */
function judge(
  { name, kind: found = 'interface', data = Buffer.alloc(0) }: Link,
  { mode }: BondConfig,
): void {
  const is = found === kind ? `a bond in mode ${parseBond(data).mode}` : `a ${found}`
  if (is === `a bond in mode ${mode}`) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `bond: the host has ${name} already, ${is}, not a bond in mode ${mode}`,
    hint: 'choose another name, or take it away',
    see: `ip -d link show dev ${name}`,
    errno: 'EEXIST',
  })
}

/** Steps of DEL: the bond goes with its last user, and its members are as before. */
export function releaseOnHost(request: Request): (() => void)[] {
  const host = hostSocket()
  return [() => releaseLinks(host, request), () => giveBackOfBonds(host)]
}

/** Steps of GC. */
export function collectOnHost(request: Request): (() => void)[] {
  const host = hostSocket()
  return [() => collectLinks(host, request), () => giveBackOfBonds(host)]
}

/** Gives back the members of bonds that are no more. */
function giveBackOfBonds(host: Socket): void {
  const bonds = loans().filter(({ network }) => network === nobody)
  runAllNow(
    bonds.map((loan) => () => {
      withLinkLock(loan.ifname, () => {
        if (!findLink(host, loan.ifname)) giveBack(host, loan)
      })
    }),
  )
}

export function checkOnHost(request: Request<BondConfig>): void {
  checkBond(hostWiring(), forHost(request))
}
