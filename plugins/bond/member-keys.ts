/** The keys of plugins that make one interface of several; the names are bond-cni's. */

import type { InterfaceConfig } from '../../shared/attachment/device.ts'
import { repeated } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  linkName,
  list,
  object,
  type Shape,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { mtuOf } from '../../shared/link/keys.ts'

/** The keys of a plugin with members. @param own further keys of a member */
export function memberKeys<Own extends Shape>(own: Own) {
  return {
    links: describe(
      list(object({ name: describe(linkName, "The member's name."), ...own })),
      'The members, each an object with a `name`.',
    ),
    linksInContainer: describe(
      withDefault(boolean, false),
      'The members are interfaces of the container, not of the host.',
    ),
    mtu: mtuOf("the interface and of its members. Default: the smallest of the members'"),
  }
}

export interface MemberConfig extends InterfaceConfig {
  links: { name: string }[]
  linksInContainer: boolean
  mtu: number
}

/** At least one member, and none twice. */
export function requireMembersOnce({ links }: Pick<MemberConfig, 'links'>): Complaint | undefined {
  if (links.length === 0) return { msg: 'links is empty: name at least one member' }
  const twice = repeated(links.map(({ name }) => name))
  return twice === undefined ? undefined : { msg: `links names ${twice} twice` }
}
