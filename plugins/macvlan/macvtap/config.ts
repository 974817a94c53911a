/** The configuration of a macvtap network. The descriptions become the README's table and the JSON Schema. */

import { macRequests, requests } from '../../../shared/config/common.ts'
import { type Config, network } from '../../../shared/config/config.ts'
import { boolean, describe, optional, string, withDefault } from '../../../shared/config/schema.ts'
import { nodeKeys } from '../../../shared/device-node/keys.ts'
import { macvlanKeys, macvlanMode, macvlanRules } from '../keys.ts'

const shape = {
  ...macvlanKeys,
  ...requests(() => ({ ...macRequests(), deviceID: optional(string) }), macRequests),
  mode: describe(
    optional(macvlanMode),
    'Which interfaces on the parent reach each other. Default: bridge; with the macvtap of a `deviceID`, its own.',
  ),
  promiscMode: describe(
    withDefault(boolean, false),
    'Set the interface promiscuous: it receives all multicast groups, and the parent all frames.',
  ),
  deviceID: describe(
    optional(string),
    'What a device plugin has allocated, from Multus: the PCI address of the parent, or the name of a macvtap of the host. Not together with `master`.',
  ),
  pciBusID: describe(optional(string), 'Comes with `deviceID` from Multus, and says the same.'),
  ...nodeKeys,
}

export type MacvtapConfig = Config<typeof shape>

export const config = network(shape, { rules: [...macvlanRules] })
