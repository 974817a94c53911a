/** What a tap network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
import { onlyIn } from '../../shared/cni/rules.ts'
import {
  boolean,
  describe,
  ifname,
  integer,
  mac,
  oneOf,
  optional,
  text,
  withDefault,
} from '../../shared/cni/schema.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'

/** A user's or a group's number; the last one means nobody (chown(2)). */
const id = integer({ min: 0, max: 0xfffffffe })

const selinuxContext = text('an SELinux context such as system_u:system_r:container_t:s0', (value) =>
  /^[\w.-]+(:[\w.,:-]+)+$/.test(value),
)

const shape = {
  mode: describe(withDefault(oneOf('tap', 'tun'), 'tap'), 'Ethernet frames (`tap`), or IP packets (`tun`).'),
  owner: describe(optional(id), 'The user that may open it, by number. Default: root alone.'),
  group: describe(optional(id), 'The group whose members may open it, by number.'),
  multiQueue: describe(
    withDefault(boolean, false),
    'Several queues; the program that opens it must say so, too (IFF_MULTI_QUEUE).',
  ),
  vnetHdr: describe(
    optional(boolean),
    'Begin with virtio headers before frames; the program that opens it may change that. Default: in mode tap.',
  ),
  selinuxContext: describe(
    optional(selinuxContext),
    'The SELinux context that it is made in, for confined programs to open it.',
  ),
  bridge: describe(optional(ifname), 'A bridge in the container that it becomes a port of.'),
  mtu: mtuOf('the interface'),
  mac: describe(
    optional(mac),
    'MAC address. Only for networks of one container; the runtime may ask for another.',
  ),
}

export type TapConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [possibleMtu, onlyIn('bridge', { mode: 'tap' }), onlyIn('mac', { mode: 'tap' })],
})
