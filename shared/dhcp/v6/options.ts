/** Options of DHCPv6: number, length, value (RFC 8415 section 21.1). */

/** The options that are sent or read here. */
export const optionTypes = {
  CLIENTID: { code: 1, rfc: 'RFC 8415 section 21.2' },
  SERVERID: { code: 2, rfc: 'RFC 8415 section 21.3' },
  IA_NA: { code: 3, rfc: 'RFC 8415 section 21.4' },
  IAADDR: { code: 5, rfc: 'RFC 8415 section 21.6' },
  ORO: { code: 6, rfc: 'RFC 8415 section 21.7' },
  PREFERENCE: { code: 7, rfc: 'RFC 8415 section 21.8' },
  ELAPSED_TIME: { code: 8, rfc: 'RFC 8415 section 21.9' },
  STATUS_CODE: { code: 13, rfc: 'RFC 8415 section 21.13' },
  RAPID_COMMIT: { code: 14, rfc: 'RFC 8415 section 21.14' },
  DNS_SERVERS: { code: 23, rfc: 'RFC 3646 section 3' },
  DOMAIN_LIST: { code: 24, rfc: 'RFC 3646 section 4' },
  INFORMATION_REFRESH_TIME: { code: 32, rfc: 'RFC 8415 section 21.23' },
  CLIENT_FQDN: { code: 39, rfc: 'RFC 4704 section 4' },
  SOL_MAX_RT: { code: 82, rfc: 'RFC 8415 section 21.24' },
  INF_MAX_RT: { code: 83, rfc: 'RFC 8415 section 21.25' },
} as const

export type OptionName = keyof typeof optionTypes

export interface Option {
  code: number
  data: Buffer
}

const HEADER_LENGTH = 4

/** An option of a name that the table has. @param data at most 65,535 bytes */
export function option(name: OptionName, data: Uint8Array = new Uint8Array(0)): Option {
  return { code: optionTypes[name].code, data: Buffer.concat([data]) }
}

export function encodeOptions(options: readonly Option[]): Buffer {
  return Buffer.concat(options.flatMap(({ code, data }) => [u16(code), u16(data.length), data]))
}

/** @returns undefined when the last one breaks off, and so does not end with the bytes: then the message is not read (RFC 8415 section 16) */
export function parseOptions(bytes: Buffer): Option[] | undefined {
  const options: Option[] = []
  let at = 0
  for (; at + HEADER_LENGTH <= bytes.length; ) {
    const start = at + HEADER_LENGTH
    const end = start + bytes.readUInt16BE(at + 2)
    options.push({ code: bytes.readUInt16BE(at), data: bytes.subarray(start, end) })
    at = end
  }
  return at === bytes.length ? options : undefined
}

/** The values of all options of a name, in their order. */
export function valuesIn(options: readonly Option[], name: OptionName): Buffer[] {
  return options.filter(({ code }) => code === optionTypes[name].code).map(({ data }) => data)
}

/** The value of an option that may be there once; undefined when it is missing, and when there are two, which could contradict each other. */
export function valueIn(options: readonly Option[], name: OptionName): Buffer | undefined {
  const values = valuesIn(options, name)
  return values.length === 1 ? values[0] : undefined
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
