/** The configuration of a macsec network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/config/config.ts'
import {
  boolean,
  describe,
  integer,
  lazy,
  list,
  mac,
  object,
  oneOf,
  optional,
  path,
  pattern,
  withDefault,
} from '../../shared/config/schema.ts'
import { parentKeys } from '../../shared/link/parent.ts'
import { rules } from './rules.ts'

const port = integer({ min: 1, max: 65535 })
const sci = pattern('16 hexadecimal digits', /^[0-9a-fA-F]{16}$/)
const an = withDefault(integer({ min: 0, max: 3 }), 0)
const ssci = integer({ min: 1, max: 0xffffffff })
const keyName = pattern(
  'the name of a key: at most 16 letters, digits, "_", "." and "-"',
  /^[a-zA-Z0-9_.-]{1,16}$/,
)

const peer = () =>
  object({
    mac: describe(optional(mac), "The peer's MAC address, the first part of its identifier (SCI)."),
    port: describe(optional(port), "The peer's port, the last part of its identifier. Default: 1."),
    sci: describe(optional(sci), "The peer's whole identifier (SCI), instead of `mac` and `port`."),
    key: describe(optional(keyName), 'The name of the key that it sends with. Default: `key`.'),
    an: describe(an, 'The association number that it sends with.'),
    ssci: describe(optional(ssci), "The peer's short identifier (SSCI). Only with XPN."),
  })

const shape = {
  ...parentKeys,
  mtu: describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    "MTU of the container's interface. 0: the parent's minus 32.",
  ),
  mac: describe(
    optional(mac),
    "MAC address of the container. Default: the parent's. Only for networks of one container; the runtime may request another.",
  ),
  cipherSuite: describe(
    withDefault(oneOf('GCM-AES-128', 'GCM-AES-256', 'GCM-AES-XPN-128', 'GCM-AES-XPN-256'), 'GCM-AES-128'),
    'The cipher suite. XPN: with packet numbers of 64 bits.',
  ),
  encrypt: describe(
    withDefault(boolean, true),
    'Encrypt frames. If false, they are only authenticated and can be read by others.',
  ),
  protect: describe(
    withDefault(boolean, true),
    'Protect sent frames. If false, they leave as plain Ethernet frames.',
  ),
  validate: describe(
    withDefault(oneOf('strict', 'check', 'disabled'), 'strict'),
    'Which frames are received: only valid ones (strict), invalid ones too, but counted (check), all (disabled).',
  ),
  replayProtect: describe(withDefault(boolean, false), 'Drop frames that arrive late or twice.'),
  window: describe(
    withDefault(integer({ min: 0, max: 0xffffffff }), 0),
    'How late a frame may arrive, in packets. Only with replayProtect.',
  ),
  port: describe(
    optional(port),
    'The port, the last part of the interface’s identifier, after the MAC address. Default: 1.',
  ),
  sci: describe(optional(sci), 'The interface’s whole identifier (SCI), instead of MAC address and `port`.'),
  sendSci: describe(
    optional(boolean),
    'Put the identifier into each frame. Default: true, unless endStation or scb is set.',
  ),
  endStation: describe(
    withDefault(boolean, false),
    'Set the end station bit: the identifier is the frame’s source MAC address and port 1.',
  ),
  scb: describe(withDefault(boolean, false), 'Set the single copy broadcast bit (EPON).'),
  offload: describe(
    withDefault(oneOf('off', 'phy', 'mac'), 'off'),
    'Where MACsec is processed: in the kernel (off), the PHY or the MAC of the NIC.',
  ),
  keyFile: describe(
    optional(path),
    'JSON file of the keys by their names, which only root may read. Without it, another program must install the keys.',
  ),
  key: describe(optional(keyName), 'The name of the key that the container sends with.'),
  an: describe(an, 'The association number that it sends with.'),
  ssci: describe(optional(ssci), 'The interface’s short identifier (SSCI). Only with XPN.'),
  peers: describe(
    optional(list(lazy(peer))),
    'The senders whose frames are received, each with an identifier and a key.',
  ),
}

export type MacsecConfig = Config<typeof shape>

export const config = network(shape, { rules })
