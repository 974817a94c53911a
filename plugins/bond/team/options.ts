/** A team's options: what a configuration says of them, and what CHECK must find. */

import { broken, inWords, mismatch } from '../../../shared/attachment/broken.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import type { TeamOption } from '../../../shared/netlink/team.ts'
import type { TeamConfig } from './config.ts'
import { hashProgram } from './hash.ts'

/** What the driver wants before there are members: the mode cannot be changed afterwards. */
export function teamOptions(config: TeamConfig): TeamOption[] {
  const { mode, xmitHashPolicy = 'layer2+3' } = config
  return [
    { name: 'mode', value: mode },
    ...given('notify_peers_count', config.notifyPeersCount),
    ...given('notify_peers_interval', config.notifyPeersInterval),
    ...given('mcast_rejoin_count', config.mcastRejoinCount),
    ...given('mcast_rejoin_interval', config.mcastRejoinInterval),
    ...given('bpf_hash_func', mode === 'loadbalance' ? hashProgram(xmitHashPolicy) : undefined),
  ]
}

/** What members are given of their own. @param members in the order of `links` */
export function memberOptions({ links }: TeamConfig, members: Link[]): TeamOption[] {
  return members.flatMap(({ index: port }, place) => {
    const { enabled, priority, queueId } = links[place] ?? {}
    return [
      ...given('enabled', enabled, { port }),
      ...given('priority', priority, { port, signed: true }),
      ...given('queue_id', queueId, { port }),
    ]
  })
}

function given(name: string, value?: TeamOption['value'], more: Partial<TeamOption> = {}): TeamOption[] {
  return value === undefined ? [] : [{ name, value, ...more }]
}

/** The member that mode activebackup uses: the one that is named, or else of those with a carrier the first of the highest priority. */
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
export function checkOptions(
  team: Link,
  wanted: TeamOption[],
  actual: TeamOption[],
  members: Link[],
  show: string,
): void {
  for (const { name, value, port } of wanted) {
    const found = actual.find((option) => option.name === name && option.port === port)?.value
    if (inWords(found) === inWords(value)) continue
    const whose = members.find(({ index }) => index === port)?.name ?? team.name
    throw broken(mismatch(whose, name, found, value), { see: show })
  }
}
