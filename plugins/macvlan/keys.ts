/** The keys that macvlan (frames for the container's network stack) and macvtap (frames for a program) have in common. */

import type { Config } from '../../shared/config/config.ts'
import { onlyIn } from '../../shared/config/rules.ts'
import { describe, integer, list, mac, oneOf, optional, withDefault } from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { possibleMtu } from '../../shared/link/keys.ts'
import { parentKeys } from '../../shared/link/parent.ts'

export const macvlanMode = oneOf('private', 'vepa', 'bridge', 'passthru', 'source')

export const macvlanKeys = {
  ...parentKeys,
  mode: describe(withDefault(macvlanMode, 'bridge'), 'Which interfaces on the parent reach each other.'),
  sourceMacs: describe(
    optional(list(mac)),
    'The senders, by MAC address, whose frames the container receives. Only in mode source.',
  ),
  mtu: describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    "MTU of the container's interface, at most the parent's. 0: the parent's.",
  ),
  mac: describe(
    optional(mac),
    'MAC address of the container. Only for networks of one container; the runtime may request another.',
  ),
  bcqueuelen: describe(
    withDefault(integer({ min: 0, max: 0xffffffff }), 0),
    'How many broadcast and multicast frames may wait in the queue of the parent, which uses the largest value of its interfaces. 0: 1000.',
  ),
}

export type MacvlanConfig = Config<typeof macvlanKeys>

/** The rules for these keys. */
export const macvlanRules = [onlyIn('sourceMacs', { mode: 'source' }), requireSourceMacs, possibleMtu]

function requireSourceMacs({ mode, sourceMacs }: Partial<MacvlanConfig>): Complaint | undefined {
  if (mode !== 'source' || sourceMacs?.length) return undefined
  return {
    msg: 'sourceMacs is empty: in mode source the container would receive no frames',
    hint: 'list the senders: "sourceMacs": ["02:00:5e:10:00:01"]',
  }
}
