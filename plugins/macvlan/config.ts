/** What a macvlan network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import type { Complaint } from '../../shared/cni/error.ts'
import { notTogether, onlyIn } from '../../shared/cni/rules.ts'
import { describe, integer, list, mac, oneOf, optional, withDefault } from '../../shared/cni/schema.ts'
import { hostAccessKeys, hostAccessNeedsIpam, possibleMtu } from '../../shared/device/keys.ts'
import { parentKeys } from '../../shared/device/parent.ts'

const shape = {
  ...parentKeys,
  mode: describe(
    withDefault(oneOf('private', 'vepa', 'bridge', 'passthru', 'source'), 'bridge'),
    'Who talks to whom on the parent.',
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
  ...hostAccessKeys,
}

export type MacvlanConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    onlyIn('sourceMacs', { mode: 'source' }),
    sourceHears,
    possibleMtu,
    onlyIn('hostAccess', { mode: 'bridge' }),
    notTogether('hostAccess', 'linkInContainer', "the host cannot sit on a container's device"),
    hostAccessNeedsIpam,
  ],
})

function sourceHears({ mode, sourceMacs }: MacvlanConfig): Complaint | undefined {
  if (mode !== 'source' || sourceMacs?.length) return undefined
  return {
    msg: 'sourceMacs is empty: in mode source the container would hear nobody',
    hint: 'list whose frames it is to take: "sourceMacs": ["02:00:5e:10:00:01"]',
  }
}
