/** Keys of the `ipam` section of type dhcp. The descriptions become the README's table and the JSON Schema. */

import { noRequests } from '../../config/common.ts'
import { type Config, network } from '../../config/config.ts'
import {
  boolean,
  describe,
  integer,
  list,
  object,
  oneOf,
  optional,
  orObject,
  path,
  pluginName,
  string,
  text,
  withDefault,
} from '../../config/schema.ts'
import { dhcpRules } from './rules.ts'

/** The length of an option is one byte. */
const mostBytes = 255

/** What fits into one option. */
const optionText = text(
  'a text of 1 to 255 bytes',
  (value) => value !== '' && Buffer.byteLength(value) <= mostBytes,
)

/** nerdctl writes an empty text where there is none. */
const providedText = text('a text of at most 255 bytes', (value) => Buffer.byteLength(value) <= mostBytes)

const argument = describe(optional(string), 'The value is that of this key of `CNI_ARGS`.')

const hostname = object({
  value: describe(optional(optionText), 'The name, where `CNI_ARGS` has no such key.'),
  fromArg: describe(
    optional(string),
    'The name is that of this key of `CNI_ARGS`: `K8S_POD_NAME`, `NERDCTL_CNI_DHCP_HOSTNAME`.',
  ),
})

const provided = object({
  option: describe(string, "The option: its number, or one of the reference's names, as `host-name`."),
  value: describe(optional(providedText), 'What is sent.'),
  fromArg: argument,
})

const requested = object({
  option: describe(optional(string), "The option: its number, or one of the reference's names."),
  skipDefault: describe(
    optional(boolean),
    'True: the options that are asked for without being named here are not.',
  ),
})

const shape = {
  ...noRequests,
  ipam: object({
    type: describe(optional(pluginName), '`dhcp`.'),
    ipv4: describe(withDefault(boolean, true), 'An address of IPv4, by DHCP.'),
    ipv6: describe(
      withDefault(oneOf('off', 'dhcp6', 'slaac', 'both'), 'off'),
      "Addresses of IPv6: by DHCPv6, from the prefixes of a router's advertisement, or both. The gateway is the router in each case.",
    ),
    clientId: describe(
      withDefault(optionText, 'attachment'),
      "What the server knows the container by: `attachment`, as with the reference's plugin; `pod`, the namespace and name of the pod, so that an address can be reserved for it, whichever container it has; `mac`, the MAC address; any other text is sent as it is.",
    ),
    hostname: describe(
      optional(orObject('a host name or an object', optionText, hostname)),
      'The name that the server may enter into DNS (option 12; for DHCPv6 option 39).',
    ),
    request: describe(
      optional(list(requested)),
      'Options to ask the server for, besides those that are used. They become no part of the result.',
    ),
    provide: describe(optional(list(provided)), 'Options to send.'),
    vendorClass: describe(optional(optionText), 'What the client is (option 60).'),
    priority: describe(
      optional(integer({ min: 0, max: 0xffffffff })),
      'Metric of the routes; the lowest wins.',
    ),
    broadcast: describe(
      withDefault(oneOf('auto', 'on', 'off'), 'auto'),
      'Whether the server answers to all (the flag of RFC 2131). `auto`: on ipvlan, whose children have the MAC address of their parent.',
    ),
    arpProbe: describe(
      withDefault(boolean, false),
      'Probes for 0.6 s whether another machine has the address, and declines it then (RFC 5227, RFC 4862).',
    ),
    rapidCommit: describe(
      withDefault(boolean, false),
      'Two messages instead of four, where the server does so (RFC 4039, RFC 8415).',
    ),
    timeout: describe(
      withDefault(integer({ min: 1, max: 300 }), 30),
      'Seconds in which a server must answer an ADD.',
    ),
    daemonSocketPath: describe(
      optional(path),
      "Of the reference's plugin. It is not used: ADD and DEL need no daemon.",
    ),
  }),
}

export type DhcpConfig = Config<typeof shape>

export const config = network(shape, { delegate: true, rules: dhcpRules })
