/** A tar archive of plain files (POSIX.1-1988, ustar), written part by part. */

const BLOCK = 512

/** The longest name, and what may stand before its last slash in a second field. */
const [longestName, longestPrefix] = [100, 155]

/** No directory or file of an archive has a longer name. */
const longestSegment = 80

/**
 * A path that unpacks below the working directory and cannot change a terminal: letters, digits and `._@+=,-` stay. Long ones are
 * shortened, in the middle where there are many directories.
 */
export function safePath(path: string): string {
  const segments = path
    .split('/')
    .filter((part) => part !== '')
    .map(safeSegment)
  const whole = () => segments.join('/')
  while (segments.length > 2 && whole().length - (segments.at(-1)?.length ?? 0) - 1 > longestPrefix)
    segments.splice(1, 1)
  return whole()
}

function safeSegment(segment: string): string {
  return segment
    .slice(0, longestSegment)
    .replace(/[^\w.@+=,-]/g, '_')
    .replace(/^\.+$/, '_')
}

/** Header and content of a file, padded to blocks. @param path as `safePath` gives it @param time seconds since the epoch */
export function entryOf(path: string, content: Buffer, time: number): Buffer {
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
  return Buffer.concat([header(path, content.length, time), content, padding])
}

/** What ends an archive: two blocks of zeros. */
export const end = () => Buffer.alloc(2 * BLOCK)

function header(path: string, size: number, time: number): Buffer {
  const slash = path.length > longestName ? path.lastIndexOf('/') : -1
  const block = Buffer.alloc(BLOCK)
  const put = (offset: number, text: string) => block.set(Buffer.from(text), offset)
  const number = (offset: number, digits: number, value: number) =>
    put(offset, value.toString(8).padStart(digits, '0'))
  put(0, path.slice(slash + 1))
  number(100, 7, 0o600)
  number(108, 7, 0)
  number(116, 7, 0)
  number(124, 11, size)
  number(136, 11, time)
  put(148, '        ')
  put(156, '0')
  put(257, 'ustar\u000000root')
  put(297, 'root')
  put(345, path.slice(0, Math.max(0, slash)))
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\u0000 `)
  return block
}
