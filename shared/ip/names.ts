/** Domain names as DNS messages have them (RFC 1035 section 3.1), without compression: DHCPv6 (RFC 8415 section 10), router advertisements (RFC 8106). */

/** Lengths of a label and of a whole name, bytes (RFC 1035 section 2.3.4). */
const longest = { label: 63, name: 255 } as const

/** Whether a text is a label of a host name (RFC 1123 section 2.1); also with underscores, which domains of directories and names of services have (RFC 8552). */
export function isLabel(text: string): boolean {
  return /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(text)
}

/** Whether a text is a name that a resolver's configuration can have: labels, dots between them, and no dot at the end. */
export function isDomainName(text: string): boolean {
  return text.length < longest.name - 1 && text.split('.').every(isLabel)
}

/** A name of which isDomainName is true. @param partial a name below a domain that the reader knows: it has no end (RFC 4704 section 4.2) */
export function encodeName(name: string, partial = false): Buffer {
  const labels = name.split('.').map((part) => Buffer.from(`${String.fromCharCode(part.length)}${part}`))
  return Buffer.concat(partial ? labels : [...labels, Buffer.alloc(1)])
}

/**
 * The names in a list; those that are not a domain name, such as ones with spaces, are left out. The root, a single zero, is padding.
 * @returns undefined when the list breaks off, or has a compressed name
 */
export function parseNames(list: Buffer): string[] | undefined {
  const names: string[] = []
  for (let at = 0; at < list.length; ) {
    const end = endOfName(list, at)
    if (end === undefined) return undefined
    const name = textOf(list.subarray(at, end))
    if (isDomainName(name)) names.push(name)
    at = end
  }
  return names
}

/** Where the name that begins at a place ends, behind its zero; undefined when it does not, or is too long. */
function endOfName(list: Buffer, start: number): number | undefined {
  for (let at = start; at < list.length; ) {
    const length = list.readUInt8(at)
    at += 1 + length
    if (length > longest.label || at - start > longest.name) return undefined
    if (length === 0) return at
  }
  return undefined
}

/** The labels of a whole name, with dots. A dot in a label is shown as a space, which no name has. */
function textOf(name: Buffer): string {
  const labels: string[] = []
  for (let at = 0; at + 1 < name.length; at += 1 + name.readUInt8(at)) {
    const bytes = name.subarray(at + 1, at + 1 + name.readUInt8(at))
    labels.push(bytes.toString().replace(/\./g, ' '))
  }
  return labels.join('.')
}
