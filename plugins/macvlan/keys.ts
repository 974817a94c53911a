/** What a network of macvlans may say, whether their frames go to the container's stack (macvlan) or to a file (macvtap). */

import type { Config } from '../../shared/cni/config.ts'
import type { Complaint } from '../../shared/cni/error.ts'
import { onlyIn } from '../../shared/cni/rules.ts'
import { describe, integer, list, mac, oneOf, optional, withDefault } from '../../shared/cni/schema.ts'
import { possibleMtu } from '../../shared/link/keys.ts'
import { parentKeys } from '../../shared/link/parent.ts'

export const macvlanKeys = {
  ...parentKeys,
  mode: describe(
    withDefault(oneOf('private', 'vepa', 'bridge', 'passthru', 'source'), 'bridge'),
    'Which interfaces on the parent reach each other.',
  ),
  sourceMacs: describe(
    optional(list(mac)),
    'The MAC addresses whose frames are taken. In mode source, and only there.',
  ),
  mtu: describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    "MTU of the container's interface, the parent's at most. 0: the parent's.",
  ),
  mac: describe(
    optional(mac),
    'MAC address of the container. Only for networks of one container; the runtime may ask for another.',
  ),
  bcqueuelen: describe(
    withDefault(integer({ min: 0, max: 0xffffffff }), 0),
    'How many broadcast and multicast frames may wait. The parent takes the most that one of its interfaces asks for. 0: 1000.',
  ),
}

export type MacvlanConfig = Config<typeof macvlanKeys>

/** The rules that go with the keys. */
export const macvlanRules = [onlyIn('sourceMacs', { mode: 'source' }), sourceHears, possibleMtu]

function sourceHears({ mode, sourceMacs }: MacvlanConfig): Complaint | undefined {
  if (mode !== 'source' || sourceMacs?.length) return undefined
  return {
    msg: 'sourceMacs is empty: in mode source the container would hear nobody',
    hint: 'list whose frames it is to take: "sourceMacs": ["02:00:5e:10:00:01"]',
  }
}
