/** Teams: several links as one. Their options are set over generic netlink (drivers/net/team; include/uapi/linux/if_team.h). */

import { putU8, putU32 } from 'netlink/dist/structs.js'
import { tolerate } from '../kernel/errno.ts'
import { attributesIn, textOf } from './attributes.ts'
import { bodyOf, familyID, genericRequest, text, valuesAt } from './generic.ts'
import type { LinkName } from './link.ts'
import { nested, plain } from './nested.ts'
import { ask, type Request, type Socket } from './socket.ts'

const TEAM_CMD_OPTIONS_SET = 1
const TEAM_CMD_OPTIONS_GET = 2
const TEAM_ATTR_TEAM_IFINDEX = 1
const TEAM_ATTR_LIST_OPTION = 2
const TEAM_ATTR_ITEM_OPTION = 1

/** Attributes of an option. */
const Option = { NAME: 1, TYPE: 3, DATA: 4, PORT_IFINDEX: 6 } as const

/** NLA_*, include/net/netlink.h of the kernel: the type of an option's data. */
const NLA = { U32: 3, STRING: 5, FLAG: 6, BINARY: 11, S32: 14 } as const

export const teamModes = ['broadcast', 'roundrobin', 'random', 'activebackup', 'loadbalance'] as const

/** An option of the team or of a port. A Buffer is a classic BPF program (struct sock_filter). */
export interface TeamOption {
  name: string
  value: string | number | boolean | Buffer
  /** Index of the port, for an option of a port. */
  port?: number
  /** The port's name, for the command in errors. */
  portName?: string
  /** The number may be negative. */
  signed?: boolean
}

/**
 * `teamnl TEAM setoption NAME VALUE` for each option.
 * @param socket of the protocol GENERIC, in the team's namespace
 * @throws KernelError
 */
export function changeTeam(socket: Socket, team: LinkName, options: TeamOption[]): void {
  const family = familyID(socket, 'team')
  // ESRCH: the option is set, but no program received the kernel's notification.
  for (const option of options) tolerate(() => ask(socket, changeOption(family, team, option)), 'ESRCH')
}

function changeOption(family: number, team: LinkName, wanted: TeamOption): Request {
  const { name, value, port, signed } = wanted
  const [type, data] = typed(value, signed)
  const option = nested(
    TEAM_ATTR_ITEM_OPTION,
    plain(Option.NAME, text(name)),
    plain(Option.TYPE, putU8(type)),
    data === undefined ? [] : plain(Option.DATA, data),
    port === undefined ? [] : plain(Option.PORT_IFINDEX, putU32(port)),
  )
  const words = Buffer.isBuffer(value) ? 'PROGRAM' : String(value)
  return {
    ...genericRequest(
      family,
      TEAM_CMD_OPTIONS_SET,
      plain(TEAM_ATTR_TEAM_IFINDEX, putU32(team.index)),
      nested(TEAM_ATTR_LIST_OPTION, option),
    ),
    attempt: `set ${name} of ${team.name} to ${words}`,
    reproduce: optionCommand(team, wanted),
  }
}

/** `teamnl [-p PORT] TEAM setoption NAME VALUE`; undefined for a program, which teamnl does not take. `--` keeps a negative number from being an option of teamnl. */
export function optionCommand(
  { name: team }: LinkName,
  { name, value, portName }: TeamOption,
): string | undefined {
  if (Buffer.isBuffer(value)) return undefined
  return `teamnl ${portName ? `-p ${portName} ` : ''}-- ${team} setoption ${name} ${value}`
}

/** The netlink type and data of a value. A flag is on when its data is present. */
function typed(value: TeamOption['value'], signed = false): [type: number, data: Buffer | undefined] {
  switch (typeof value) {
    case 'string':
      return [NLA.STRING, text(value)]
    case 'number':
      return [signed ? NLA.S32 : NLA.U32, putU32(value >>> 0)]
    case 'boolean':
      return [NLA.FLAG, value ? Buffer.alloc(0) : undefined]
    default:
      return [NLA.BINARY, value]
  }
}

/** All options of a team and its ports, except lists. Equivalent to `teamnl TEAM options`. */
export function listTeamOptions(socket: Socket, team: LinkName): TeamOption[] {
  const request = genericRequest(
    familyID(socket, 'team'),
    TEAM_CMD_OPTIONS_GET,
    plain(TEAM_ATTR_TEAM_IFINDEX, putU32(team.index)),
  )
  const words = { attempt: `list the options of ${team.name}`, see: `teamnl ${team.name} options` }
  return ask(socket, { ...request, ...words })
    .flatMap(({ data }) => valuesAt(bodyOf(data), TEAM_ATTR_LIST_OPTION, TEAM_ATTR_ITEM_OPTION))
    .map(parseOption)
}

function parseOption(item: Buffer): TeamOption {
  const attribute = attributesIn(item)
  const data = attribute(Option.DATA)
  return {
    name: textOf(attribute(Option.NAME)) ?? '',
    value: readValue(attribute(Option.TYPE)?.[0] ?? 0, data),
    port: attribute(Option.PORT_IFINDEX)?.readUInt32LE(0),
  }
}

function readValue(type: number, data: Buffer | undefined): TeamOption['value'] {
  switch (type) {
    case NLA.U32:
      return data?.readUInt32LE(0) ?? 0
    case NLA.S32:
      return data?.readInt32LE(0) ?? 0
    case NLA.STRING:
      return textOf(data) ?? ''
    case NLA.FLAG:
      return data !== undefined
    default:
      return data ?? Buffer.alloc(0)
  }
}
