/** The options of DHCP as data: those that Patchbay reads or sends, and those that configurations name. */

/** What a value is; it decides which lengths a value can have. */
type Kind =
  | 'address'
  | 'addresses'
  | 'pairs of addresses'
  | 'number of 1 byte'
  | 'number of 2 bytes'
  | 'number of 4 bytes'
  | 'text'
  | 'bytes'
  | 'nothing'

interface Option {
  code: number
  name: string
  kind: Kind
  rfc: string
}

/** Names are those of the reference plugin where it has one, else those of IANA's registry as other clients write them. */
export const options = [
  { code: 1, name: 'subnet-mask', kind: 'address', rfc: 'RFC 2132 section 3.3' },
  { code: 2, name: 'time-offset', kind: 'number of 4 bytes', rfc: 'RFC 2132 section 3.4' },
  { code: 3, name: 'routers', kind: 'addresses', rfc: 'RFC 2132 section 3.5' },
  { code: 6, name: 'domain-name-servers', kind: 'addresses', rfc: 'RFC 2132 section 3.8' },
  { code: 12, name: 'host-name', kind: 'text', rfc: 'RFC 2132 section 3.14' },
  { code: 15, name: 'domain-name', kind: 'text', rfc: 'RFC 2132 section 3.17' },
  { code: 26, name: 'interface-mtu', kind: 'number of 2 bytes', rfc: 'RFC 2132 section 5.1' },
  { code: 28, name: 'broadcast-address', kind: 'address', rfc: 'RFC 2132 section 5.3' },
  { code: 33, name: 'static-routes', kind: 'pairs of addresses', rfc: 'RFC 2132 section 5.8' },
  { code: 42, name: 'ntp-servers', kind: 'addresses', rfc: 'RFC 2132 section 8.3' },
  { code: 43, name: 'vendor-encapsulated-options', kind: 'bytes', rfc: 'RFC 2132 section 8.4' },
  { code: 50, name: 'dhcp-requested-address', kind: 'address', rfc: 'RFC 2132 section 9.1' },
  { code: 51, name: 'dhcp-lease-time', kind: 'number of 4 bytes', rfc: 'RFC 2132 section 9.2' },
  { code: 52, name: 'dhcp-option-overload', kind: 'number of 1 byte', rfc: 'RFC 2132 section 9.3' },
  { code: 53, name: 'dhcp-message-type', kind: 'number of 1 byte', rfc: 'RFC 2132 section 9.6' },
  { code: 54, name: 'dhcp-server-identifier', kind: 'address', rfc: 'RFC 2132 section 9.7' },
  { code: 55, name: 'dhcp-parameter-request-list', kind: 'bytes', rfc: 'RFC 2132 section 9.8' },
  { code: 56, name: 'dhcp-message', kind: 'text', rfc: 'RFC 2132 section 9.9' },
  { code: 57, name: 'dhcp-max-message-size', kind: 'number of 2 bytes', rfc: 'RFC 2132 section 9.10' },
  { code: 58, name: 'dhcp-renewal-time', kind: 'number of 4 bytes', rfc: 'RFC 2132 section 9.11' },
  { code: 59, name: 'dhcp-rebinding-time', kind: 'number of 4 bytes', rfc: 'RFC 2132 section 9.12' },
  { code: 60, name: 'vendor-class-identifier', kind: 'text', rfc: 'RFC 2132 section 9.13' },
  { code: 61, name: 'dhcp-client-identifier', kind: 'bytes', rfc: 'RFC 2132 section 9.14' },
  { code: 66, name: 'tftp-server-name', kind: 'text', rfc: 'RFC 2132 section 9.4' },
  { code: 67, name: 'bootfile-name', kind: 'text', rfc: 'RFC 2132 section 9.5' },
  { code: 77, name: 'user-class', kind: 'bytes', rfc: 'RFC 3004' },
  { code: 80, name: 'rapid-commit', kind: 'nothing', rfc: 'RFC 4039' },
  { code: 81, name: 'fqdn', kind: 'bytes', rfc: 'RFC 4702' },
  { code: 82, name: 'dhcp-agent-options', kind: 'bytes', rfc: 'RFC 3046' },
  { code: 100, name: 'pcode', kind: 'text', rfc: 'RFC 4833' },
  { code: 101, name: 'tcode', kind: 'text', rfc: 'RFC 4833' },
  { code: 119, name: 'domain-search', kind: 'bytes', rfc: 'RFC 3397' },
  { code: 121, name: 'classless-static-routes', kind: 'bytes', rfc: 'RFC 3442' },
] as const satisfies readonly Option[]

export type OptionName = (typeof options)[number]['name']

/** Values by code. */
export type Options = Map<number, Buffer>

/** One value to send. */
export type OptionValue = [code: number, value: Buffer]

/** The highest code; 255 is the end of a field. */
const highest = 254

/** The code of a name, or of a decimal number; undefined for other text. 0 and 255 are no options: they pad and end. */
export function optionCode(text: string): number | undefined {
  const named = options.find(({ name }) => name === text)
  if (named) return named.code
  const code = Number(text)
  return /^[1-9]\d{0,2}$/.test(text) && code <= highest ? code : undefined
}

export function codeOf(name: OptionName): number {
  return (options.find((one) => one.name === name) as Option).code
}

/** A value; undefined when there is none, and when its length is wrong for what it is. */
export function optionOf(values: Options, name: OptionName): Buffer | undefined {
  const { code, kind } = options.find((one) => one.name === name) as Option
  const value = values.get(code)
  return value && fits(kind, value.length) ? value : undefined
}

function fits(kind: Kind, length: number): boolean {
  if (kind === 'address' || kind === 'number of 4 bytes') return length === 4
  if (kind === 'addresses') return length > 0 && length % 4 === 0
  if (kind === 'pairs of addresses') return length > 0 && length % 8 === 0
  if (kind === 'number of 1 byte') return length === 1
  if (kind === 'number of 2 bytes') return length === 2
  return kind === 'nothing' ? length === 0 : length > 0
}
