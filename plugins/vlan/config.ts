/** What a VLAN network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import type { Complaint } from '../../shared/cni/error.ts'
import { notTogether, type Rule } from '../../shared/cni/rules.ts'
import {
  boolean,
  describe,
  integer,
  list,
  oneOf,
  optional,
  record,
  withDefault,
} from '../../shared/cni/schema.ts'
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
    'The VLAN: the id in the tag. 0 tags with a priority and no VLAN. Either this or `tags`.',
  ),
  tags: describe(
    optional(list(id)),
    'Stacked tags, the outer first: `[100, 20]`. The devices of the outer ones are made on the host and shared.',
  ),
  protocol: describe(
    optional(oneOf('802.1Q', '802.1ad')),
    'The kind of tag; of `tags`, of the outermost, the others are 802.1Q. Default: 802.1Q, and 802.1ad with `tags`.',
  ),
  ingressPriorities: describe(
    optional(record(integer({ min: 0, max: maxPriority }))),
    'What a priority in the tag (0 to 7) makes a packet\'s priority: `{"3": 5}`.',
  ),
  egressPriorities: describe(
    optional(record(integer({ min: 0, max: maxPcp }))),
    'What a packet\'s priority (SO_PRIORITY) becomes in the tag: `{"5": 3}`. Others become 0.',
  ),
  reorder: describe(
    withDefault(boolean, true),
    'Cut the tag out of what arrives. Without it, packet sockets in the container see it.',
  ),
  gvrp: describe(off, 'Announce the VLAN to the switch by GVRP. Not with 802.1ad.'),
  mvrp: describe(off, 'Announce the VLAN to the switch by MVRP. Not with 802.1ad.'),
  looseBinding: describe(off, 'Be up although the parent is down.'),
  mtu: mtuOf("the interface, at most the parent's"),
}

export type VlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    notTogether('vlanId', 'tags'),
    someTag,
    severalTags,
    notTogether('tags', 'linkInContainer', 'the outer device is shared by containers, so it is on the host'),
    ownProtocol,
    prioritiesWithin('ingressPriorities', maxPcp, "a tag's priority"),
    prioritiesWithin('egressPriorities', maxPriority, "a packet's priority"),
    possibleMtu,
  ],
})

/** Without an id the reference takes 0, which is a VLAN that hardly anybody wants. */
function someTag({ vlanId, tags }: VlanConfig): Complaint | undefined {
  if (vlanId !== undefined || tags) return undefined
  return { msg: 'vlanId is missing, must be a whole number from 0 to 4094', hint: 'or tags, for several' }
}

/** MAX_NEST_DEV, include/linux/netdevice.h, less one for the parent. */
const maxTags = 7

function severalTags({ tags }: VlanConfig): Complaint | undefined {
  if (!tags || (tags.length >= 2 && tags.length <= maxTags)) return undefined
  return {
    msg: `tags has ${tags.length} of 2 to ${maxTags}`,
    hint: tags.length === 1 ? `for a single tag: "vlanId": ${tags[0]}` : 'list them from outer to inner',
  }
}

/** vlan_gvrp_request_join and vlan_mvrp_request_join, net/8021q: they do nothing for another protocol. */
function ownProtocol({ protocol, gvrp, mvrp, tags }: VlanConfig): Complaint | undefined {
  if (protocol !== '802.1ad' || tags || !(gvrp || mvrp)) return undefined
  return {
    msg: `${gvrp ? 'gvrp' : 'mvrp'} is set but protocol is "802.1ad": only VLANs of 802.1Q are announced`,
    hint: 'take one of them out',
  }
}

/** The keys of a map, which its shape cannot judge. */
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
