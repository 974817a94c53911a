/** The options of a team and of its members: from the configuration, and checked. */

import { broken, mismatch } from '../../../shared/attachment/broken.ts'
import { commandIn, inWords, type Place } from '../../../shared/netlink/command.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { optionCommand, type TeamOption } from '../../../shared/netlink/team.ts'
import type { TeamConfig } from './config.ts'
import { hashProgram } from './hash.ts'

/** Options to set before there are members: the mode cannot be changed afterwards. */
export function teamOptions(config: TeamConfig): TeamOption[] {
  const { mode, xmitHashPolicy = 'layer2+3' } = config
  return [
    { name: 'mode', value: mode },
    ...optionIfSet('notify_peers_count', config.notifyPeersCount),
    ...optionIfSet('notify_peers_interval', config.notifyPeersInterval),
    ...optionIfSet('mcast_rejoin_count', config.mcastRejoinCount),
    ...optionIfSet('mcast_rejoin_interval', config.mcastRejoinInterval),
    ...optionIfSet('bpf_hash_func', mode === 'loadbalance' ? hashProgram(xmitHashPolicy) : undefined),
  ]
}

/** The options of members. @param members in the order of `links` */
export function memberOptions({ links }: TeamConfig, members: Link[]): TeamOption[] {
  return members.flatMap(({ index: port, name: portName }, place) => {
    const own = { port, portName }
    const { enabled, priority, queueId } = links[place] ?? {}
    return [
      ...optionIfSet('enabled', enabled, own),
      ...optionIfSet('priority', priority, { ...own, signed: true }),
      ...optionIfSet('queue_id', queueId, own),
    ]
  })
}

function optionIfSet(
  name: string,
  value?: TeamOption['value'],
  more: Partial<TeamOption> = {},
): TeamOption[] {
  return value === undefined ? [] : [{ name, value, ...more }]
}

/** The member that mode activebackup uses: activePort, or else the one of the highest priority among those with a carrier. */
export function activeMember({ activePort, links }: TeamConfig, members: Link[]): Link | undefined {
  if (activePort) return members[links.findIndex(({ name }) => name === activePort)]
  const ranked = members.flatMap((link, place) => {
    const { enabled = true, priority = 0 } = links[place] ?? {}
    return enabled ? [{ link, priority }] : []
  })
  ranked.sort((one, other) => other.priority - one.priority)
  return (ranked.find(({ link }) => link.carrier) ?? ranked[0])?.link
}

/** @throws CniError naming the first option that is not as configured */
export function checkOptions(team: Link, wanted: TeamOption[], actual: TeamOption[], place: Place): void {
  for (const option of wanted) {
    const { name, value, port, portName = team.name } = option
    const found = actual.find((other) => other.name === name && other.port === port)?.value
    if (inWords(found) === inWords(value)) continue
    // A team with members cannot change its mode.
    const command = name === 'mode' ? undefined : optionCommand(team, option)
    const hint = command && { hint: `repair it: ${commandIn(place, command)}` }
    const see = commandIn(place, `teamnl ${team.name} options`)
    throw broken(mismatch(portName, name, found, value), { ...hint, see })
  }
}
