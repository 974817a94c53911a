/** Base64 (RFC 4648 section 4): Go writes bytes in JSON so. QuickJS has neither a decoder nor an encoder. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The bytes of a text; undefined when it is not base64. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const digits = text.replace(/=+$/, '')
  const bytes = Buffer.alloc((digits.length * 3) >> 2)
  let [bits, at] = [0, 0]
  for (let index = 0; index < digits.length; index++) {
    bits = ((bits << 6) | alphabet.indexOf(digits.charAt(index))) & 0xffffff
    const place = index % 4
    if (place > 0) bytes[at++] = (bits >> (6 - 2 * place)) & 0xff
  }
  return bytes
}

/** The text of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3)
    const bits = (first << 16) | (second << 8) | third
    const digits = [18, 12, 6, 0].map((shift) => alphabet.charAt((bits >> shift) & 63)).join('')
    const missing = Math.max(0, at + 3 - bytes.length)
    parts.push(digits.slice(0, 4 - missing) + '='.repeat(missing))
  }
  return parts.join('')
}
