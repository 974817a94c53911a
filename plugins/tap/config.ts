/** The configuration of a tap network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import { onlyIn } from '../../shared/config/rules.ts'
import {
  boolean,
  describe,
  integer,
  linkName,
  mac,
  oneOf,
  optional,
  text,
  withDefault,
} from '../../shared/config/schema.ts'
import type { Complaint } from '../../shared/error/error.ts'
import { mtuOf, possibleMtu } from '../../shared/link/keys.ts'

/** A user or group ID. The largest 32-bit number is no ID: it means 'unchanged' (chown(2)). */
const id = integer({ min: 0, max: 0xfffffffe })

const selinuxContext = text('an SELinux context such as system_u:system_r:container_t:s0', (value) =>
  /^[\w.-]+(:[\w.,:-]+)+$/.test(value),
)

const shape = {
  mode: describe(withDefault(oneOf('tap', 'tun'), 'tap'), 'Ethernet frames (`tap`), or IP packets (`tun`).'),
  owner: describe(
    optional(id),
    'ID of the user that may open the device. Default: root, unless `group` is set.',
  ),
  group: describe(
    optional(id),
    'ID of the group whose members may open the device; with `owner`, the user must also be in this group.',
  ),
  multiQueue: describe(
    withDefault(boolean, false),
    'Several queues. The program that opens the device must set IFF_MULTI_QUEUE, too.',
  ),
  vnetHdr: describe(
    optional(boolean),
    'Frames have virtio headers; the program that opens the device may change this. Default: true in mode tap.',
  ),
  selinuxContext: describe(
    optional(selinuxContext),
    'The SELinux context of the device, so that confined programs may open it.',
  ),
  bridge: describe(optional(linkName), 'A bridge in the container; the device becomes its port.'),
  mtu: mtuOf('the interface'),
  mac: describe(
    optional(mac),
    'MAC address. Only for networks of one container; the runtime may request another.',
  ),
}

export type TapConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [possibleMtu, shortFrames, onlyIn('bridge', { mode: 'tap' }), onlyIn('mac', { mode: 'tap' })],
})

/** The largest MTU of an Ethernet device whose driver has no smaller one: 65535 less the header (tun_net_initialize, drivers/net/tun.c). */
const mostInFrames = 65521

function shortFrames({ mode, mtu }: Pick<TapConfig, 'mode' | 'mtu'>): Complaint | undefined {
  if (mode === 'tun' || mtu <= mostInFrames) return undefined
  return { msg: `mtu: must be at most ${mostInFrames} in mode tap, found ${mtu}` }
}
