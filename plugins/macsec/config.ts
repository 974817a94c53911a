/** What a macsec network may say. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../shared/cni/config.ts'
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
} from '../../shared/cni/schema.ts'
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
    mac: describe(optional(mac), "The peer's MAC address, which is part of its identifier."),
    port: describe(optional(port), "The peer's port, the other part. Default: 1."),
    sci: describe(optional(sci), "The peer's identifier itself, in place of both."),
    key: describe(optional(keyName), 'The key that it sends by. Default: `key`.'),
    an: describe(an, 'The association number that it sends by.'),
    ssci: describe(optional(ssci), "The peer's short identifier. With XPN, and only there."),
  })

const shape = {
  ...parentKeys,
  mtu: describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    "MTU of the container's interface. 0: the parent's less 32.",
  ),
  mac: describe(
    optional(mac),
    "MAC address of the container. Default: the parent's. Only for networks of one container; the runtime may ask for another.",
  ),
  cipherSuite: describe(
    withDefault(oneOf('GCM-AES-128', 'GCM-AES-256', 'GCM-AES-XPN-128', 'GCM-AES-XPN-256'), 'GCM-AES-128'),
    'How frames are protected. XPN: with packet numbers of 64 bits.',
  ),
  encrypt: describe(
    withDefault(boolean, true),
    'Encrypt frames; else they are authenticated only, and can be read.',
  ),
  protect: describe(withDefault(boolean, true), 'Protect what is sent; else frames leave as they are.'),
  validate: describe(
    withDefault(oneOf('strict', 'check', 'disabled'), 'strict'),
    'What is taken: only valid frames (strict), invalid ones too, but counted (check), all (disabled).',
  ),
  replayProtect: describe(withDefault(boolean, false), 'Drop frames that come late, or again.'),
  window: describe(
    withDefault(integer({ min: 0, max: 0xffffffff }), 0),
    'How late a frame may come, in packets. With replayProtect, and only there.',
  ),
  port: describe(optional(port), 'Port of the own identifier, behind the MAC address. Default: 1.'),
  sci: describe(optional(sci), 'The own identifier (SCI) itself, in place of MAC address and port.'),
  sendSci: describe(
    optional(boolean),
    'Have each frame carry the identifier. Default: true, unless endStation or scb is set.',
  ),
  endStation: describe(
    withDefault(boolean, false),
    'Frames say that the identifier is their MAC address and port 1.',
  ),
  scb: describe(withDefault(boolean, false), 'Frames say that they are of a single copy broadcast (EPON).'),
  offload: describe(
    withDefault(oneOf('off', 'phy', 'mac'), 'off'),
    'Who does the work: the kernel, or the hardware.',
  ),
  keyFile: describe(
    optional(path),
    'JSON file of the keys by their names, which only root may read. Without it, another program gives the interface its keys.',
  ),
  key: describe(optional(keyName), 'The key that the container sends by.'),
  an: describe(an, 'The association number that it sends by.'),
  ssci: describe(optional(ssci), 'The own short identifier. With XPN, and only there.'),
  peers: describe(optional(list(lazy(peer))), 'Whose frames are taken, each with an identifier and a key.'),
}

export type MacsecConfig = Config<typeof shape>

export const config = network(shape, { rules })
