/** Deflates modules of an archive (engine/quickjs/archive.c): few calls read them, and each executable has them. */

import { deflateRawSync } from 'node:zlib'

/** An archive in which the modules of these names are deflated (RFC 1951). */
export function deflated(archive: Buffer, names: ReadonlySet<string>): Buffer {
  const parts: Buffer[] = []
  let at = 0
  while (archive[at] !== 0) {
    const end = archive.indexOf(0, at)
    const name = archive.toString('utf8', at, end)
    const size = archive.readUInt32LE(end + 1)
    const code = archive.subarray(end + 9, end + 9 + size)
    at = end + 9 + size
    parts.push(...entry(name, names.has(name) ? deflateRawSync(code, { level: 9 }) : code, size))
  }
  return Buffer.concat([...parts, archive.subarray(at)])
}

/** The name, the size in the archive, the size of the bytecode, the bytecode. */
function entry(name: string, code: Buffer, size: number): Buffer[] {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32LE(code.length, 0)
  sizes.writeUInt32LE(size, 4)
  return [Buffer.from(`${name}\0`), sizes, code]
}
