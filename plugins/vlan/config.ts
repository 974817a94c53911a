/** The configuration of a vlan network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { notTogether, type Rule } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  integer,
  list,
  oneOf,
  optional,
  record,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'
import { parentKeys } from '../../shared/link/parent.ts'

/** vlan_validate, net/8021q/vlan_netlink.c: 4095 is reserved (IEEE 802.1Q, table 9-2). */
const id = integer({ min: 0, max: 4094 })
const off = withDefault(boolean, false)

/** The priority code point of a tag has three bits; a packet's priority in the kernel has 32. */
const maxPcp = 7
const maxPriority = 0xffffffff

const shape = {
  ...parentKeys,
  vlanId: describe(
    optional(id),
    'The VLAN ID in the tag. 0: the tag carries a priority only, no VLAN. Either this or `tags`. Default, with a warning: 0, as in the reference.',
  ),
  tags: describe(
    optional(list(id)),
    'The VLAN IDs of stacked tags, from outer to inner: `[100, 20]`. The devices of the outer tags are made on the host, and containers share them.',
  ),
  protocol: describe(
    optional(oneOf('802.1Q', '802.1ad')),
    'The protocol of the tag. With `tags`: of the outermost tag, the others are 802.1Q. Default: 802.1Q, and 802.1ad with `tags`.',
  ),
  ingressPriorities: describe(
    optional(record(integer({ min: 0, max: maxPriority }))),
    'Which packet priority a received tag priority (0 to 7) becomes: `{"3": 5}`.',
  ),
  egressPriorities: describe(
    optional(record(integer({ min: 0, max: maxPcp }))),
    'Which tag priority a packet priority (SO_PRIORITY) becomes when sent: `{"5": 3}`. Others become 0.',
  ),
  reorder: describe(
    withDefault(boolean, true),
    'Remove the tag from received frames. If false, packet sockets in the container see the tag.',
  ),
  gvrp: describe(off, 'Announce the VLAN to the switch by GVRP. Not with 802.1ad.'),
  mvrp: describe(off, 'Announce the VLAN to the switch by MVRP. Not with 802.1ad.'),
  looseBinding: describe(off, 'The interface stays up when the parent is down.'),
  mtu: mtuOf("the interface, at most the parent's"),
}

export type VlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    notTogether('vlanId', 'tags'),
    possibleTags,
    notTogether('tags', 'linkInContainer', 'containers share the outer device, so it is on the host'),
    announcedProtocol,
    prioritiesWithin('ingressPriorities', maxPcp, "a tag's priority"),
    prioritiesWithin('egressPriorities', maxPriority, "a packet's priority"),
    possibleMtu,
  ],
})

/** MAX_NEST_DEV (include/linux/netdevice.h) minus one for the parent. */
const maxTags = 7

function possibleTags({ tags }: VlanConfig): Complaint | undefined {
  if (!tags || (tags.length >= 2 && tags.length <= maxTags)) return undefined
  return {
    msg: `tags must have 2 to ${maxTags} entries, found ${tags.length}`,
    hint: tags.length === 1 ? `for a single tag: "vlanId": ${tags[0]}` : 'list them from outer to inner',
  }
}

/** The kernel announces 802.1Q VLANs only (vlan_gvrp_request_join, vlan_mvrp_request_join, net/8021q). */
function announcedProtocol({ protocol, gvrp, mvrp, tags }: VlanConfig): Complaint | undefined {
  if (protocol !== '802.1ad' || tags || !(gvrp || mvrp)) return undefined
  return {
    msg: `${gvrp ? 'gvrp' : 'mvrp'} is set but protocol is "802.1ad": the kernel announces 802.1Q VLANs only`,
    hint: 'remove one of them',
  }
}

/** Validates the keys of a priority map, which the schema does not. */
function prioritiesWithin(
  key: 'ingressPriorities' | 'egressPriorities',
  max: number,
  what: string,
): Rule<VlanConfig> {
  return ({ [key]: map = {} }) => {
    const wrong = Object.keys(map).find((text) => !/^(0|[1-9]\d*)$/.test(text) || Number(text) > max)
    if (wrong === undefined) return undefined
    return { msg: `${key} has ${JSON.stringify(wrong)}, must be ${what}: a whole number from 0 to ${max}` }
  }
}
