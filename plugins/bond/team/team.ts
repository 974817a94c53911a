/** Makes and checks the container's team. */

import { broken } from '../../../shared/attachment/broken.ts'
import type { Life } from '../../../shared/attachment/device.ts'
import { requestedMac } from '../../../shared/attachment/mac.ts'
import { findMade } from '../../../shared/attachment/made.ts'
import type { Sides } from '../../../shared/attachment/sides.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { CniError, Code, factsOf } from '../../../shared/error/error.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { checkInside, createInside } from '../../../shared/link/inside.ts'
import { commandIn, type Place } from '../../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../../shared/netlink/link.ts'
import { openSocketIn, Protocol, type Socket, transact } from '../../../shared/netlink/socket.ts'
import { changeTeam, listTeamOptions, type TeamOption } from '../../../shared/netlink/team.ts'
import { shareMtu } from '../member-mtu.ts'
import { checkMembers, joinMembers, type OfMembers, takeMembers } from '../members.ts'
import type { TeamConfig } from './config.ts'
import { activeMember, checkOptions, memberOptions, teamOptions } from './options.ts'

export const kind = 'team'

/** Makes the container's team from its members. */
export function createTeam(life: Life<TeamConfig>): OfMembers {
  const { request } = life
  const members = takeMembers(life)
  createInside(life, {
    name: request.ifname,
    kind,
    mac: requestedMac(request) ?? members[0]?.mac,
    mtu: shareMtu(life, members, request.config),
  })
  const link = findMade(life.inside, request.ifname)
  const socket = genericSocket(life)
  setMode(socket, link, teamOptions(request.config))
  shareMac(life, link, members)
  joinMembers(life, request.ifname, members)
  changeTeam(socket, link, memberOptions(request.config, members))
  if (request.config.mode === 'activebackup') activate(life, socket, link, members)
  return { members }
}

/** @throws CniError when the kernel lacks the module of the mode */
function setMode(socket: Socket, link: Link, [mode, ...others]: TeamOption[]): void {
  try {
    changeTeam(socket, link, mode ? [mode] : [])
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error
    throw new CniError(Code.PluginNotAvailable, {
      msg: `this kernel's team driver has no mode ${mode?.value}: load its module`,
      hint: `load the module (modprobe team-mode-${mode?.value}), or install the package of the kernel's extra modules`,
      ...factsOf(error),
    })
  }
  changeTeam(socket, link, others)
}

/**
 * Members get the team's MAC address, as user space must in modes activebackup and loadbalance, while they are down: some drivers refuse a
 * change later, and some refuse the present one.
 */
function shareMac({ inside }: Life<TeamConfig>, { mac }: Link, members: Link[]): void {
  const others = members.filter((link) => link.mac !== mac)
  if (others.length === 0) return
  transact(
    inside,
    others.map((link) => changeLink(link, { mac })),
  )
}

/** The driver has no active member until user space sets one. */
function activate({ inside, request }: Life<TeamConfig>, socket: Socket, link: Link, members: Link[]): void {
  const now = members.flatMap(({ name }) => findLink(inside, name) ?? [])
  const active = activeMember(request.config, now)
  if (active) changeTeam(socket, link, [{ name: 'activeport', value: active.index }])
}

/** Generic netlink, in the container's namespace. */
function genericSocket({ container }: Pick<Sides, 'container'>): Socket {
  return openSocketIn(container, Protocol.GENERIC)
}

/** CHECK. @throws CniError naming the first difference from what ADD made */
export function checkTeam(sides: Sides, request: Request<TeamConfig>): void {
  const { config } = request
  const link = checkInside(sides, request, kind)
  const members = checkMembers(sides, request)
  const actual = listTeamOptions(genericSocket(sides), link)
  checkOptions(link, [...teamOptions(config), ...memberOptions(config, members)], actual, request)
  if (config.mode === 'activebackup') checkActive(link, actual, members, request)
}

/** The driver never changes the active member by itself, so a failed one stops all traffic. */
function checkActive(team: Link, options: TeamOption[], members: Link[], place: Place): void {
  const see = commandIn(place, `teamnl ${team.name} options`)
  const index = options.find(({ name }) => name === 'activeport')?.value
  const active = members.find((link) => link.index === index)
  if (!active) throw broken(`${team.name} has no active member`, { see })
  const other = members.find(({ carrier }) => carrier)
  if (!active.carrier && other)
    throw broken(`the active member of ${team.name}, ${active.name}, has no carrier, but ${other.name} has`, {
      hint: `change over: ${commandIn(place, `teamnl ${team.name} setoption activeport ${other.index}`)}`,
      see,
    })
}
