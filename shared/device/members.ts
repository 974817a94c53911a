/** The members of a bond or a team: interfaces that become one, and are given back as they were. */

import { CniError, Code, type Complaint } from '../cni/error.ts'
import type { Request } from '../cni/plugin.ts'
import type { Rule } from '../cni/rules.ts'
import { boolean, describe, ifname, list, object, type Shape, withDefault } from '../cni/schema.ts'
import { changeLink, findLink, type Link, type LinkName, listPorts } from '../netlink/link.ts'
import { ask, type Socket, transact } from '../netlink/socket.ts'
import { broken } from './check.ts'
import type { InterfaceConfig, Life } from './device.ts'
import { mtuOf } from './keys.ts'
import type { Wiring } from './wiring.ts'

/** The keys of a plugin with members, in the words of bond-cni. @param own what a member may have of the plugin's own */
export function memberKeys<Own extends Shape>(own: Own) {
  return {
    links: describe(
      list(object({ name: describe(ifname, "The member's name."), ...own })),
      'The members. Those of the host move into the container, and come back with DEL as they were.',
    ),
    linksInContainer: describe(
      withDefault(boolean, false),
      'The members are interfaces of the container, not of the host.',
    ),
    mtu: mtuOf("the interface, and of its members. Default: the smallest of the members'"),
  }
}

export interface MemberConfig extends InterfaceConfig {
  links: { name: string }[]
  linksInContainer: boolean
  mtu: number
}

export const memberRules: Rule<MemberConfig>[] = [someMembers]

function someMembers({ links }: MemberConfig): Complaint | undefined {
  if (links.length === 0) return { msg: 'links is empty: there is nothing to send by' }
  const names = links.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : { msg: `links names ${twice} twice` }
}
