/** MAC addresses (EUI-48), as text `02:00:5e:10:00:01` and as the kernel's six bytes. */

/** Reads six bytes separated by `:` or `-`; undefined for other text. */
export function parseMac(text: string): Buffer | undefined {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)) return undefined
  return Buffer.from(text.replace(/[:-]/g, ''), 'hex')
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Whether an interface can have the address: it is not multicast and not all zeros. */
export function isUnicastMac(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 1) & 1) === 0 && bytes.some((byte) => byte !== 0)
}
