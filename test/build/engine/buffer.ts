/** What a Buffer does, as JSON: the same in every engine. */

const sizes = ['8', '16LE', '16BE', '32LE', '32BE'] as const

export function exercise(): unknown[] {
  return [...integers(), ...bigIntegers(), ...texts(), ...parts(), ...comparisons()]
}

/** A value, or the name of the error. */
function outcome(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return (error as Error).name
  }
}

function integers(): unknown[] {
  const bytes = Buffer.from('00017f80feff8000ff', 'hex')
  return sizes.flatMap((size) =>
    [-1, 0, 1, 4, 5, 8, 9].map((at) => [
      outcome(() => bytes[`readUInt${size}`](at)),
      outcome(() => bytes[`readInt${size}`](at)),
      ...[at, -at, 2 ** 7, 2 ** 15 - 1, -(2 ** 15), 2 ** 31, 2 ** 32].flatMap((value) => [
        written((into) => into[`writeUInt${size}`](value, at)),
        written((into) => into[`writeInt${size}`](value, at)),
      ]),
    ]),
  )
}

/** The bytes after a write, and the return value of the write. */
function written(write: (into: Buffer) => number): unknown {
  const into = Buffer.alloc(9)
  return [outcome(() => write(into)), into.toString('hex')]
}

function bigIntegers(): unknown[] {
  const bytes = Buffer.from('80ff000000017f80fe', 'hex')
  return [0, 1, 2].flatMap((at) =>
    (['LE', 'BE'] as const).flatMap((order) => [
      outcome(() => String(bytes[`readBigUInt64${order}`](at))),
      outcome(() => String(bytes[`readBigInt64${order}`](at))),
      written((into) => into[`writeBigUInt64${order}`](0xfedcba9876543210n, at)),
      written((into) => into[`writeBigInt64${order}`](-2n, at)),
    ]),
  )
}

/** Every lead byte of UTF-8: complete, truncated, and followed by an invalid byte. */
function texts(): unknown[] {
  const tails = ['', '22', '80', '8080', '808080', 'a080', '9f80', '90808041', '8f8080', 'bf', 'c3a4']
  const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
  return [
    ...hex.flatMap((byte) => tails.map((tail) => Buffer.from(byte + tail, 'hex').toString())),
    ...['abc', 'AbC1x2', 'zz', '0'].map((text) => Buffer.from(text, 'hex').toString('hex')),
    ...['', 'eth0', 'Brücke 🌉', '\udf09\ud83c'].map((text) => [
      Buffer.byteLength(text),
      [...Buffer.from(text)],
    ]),
    ...['ab', 'ä', '桥'].map((text) => written((into) => into.write(text, 6))),
    written((into) => into.write('eth0', 0, 4)),
    written((into) => into.write('6162', 'hex')),
    written((into) => into.write('6162', 2, 'hex')),
  ]
}

function parts(): unknown[] {
  const whole = Buffer.from([1, 2, 3, 4, 5])
  whole.slice(1, -1)[0] = 9
  const copy = Buffer.from(whole)
  copy[0] = 7
  const joined = Buffer.concat([whole, new Uint8Array(2), copy.subarray(3)])
  const shared = Buffer.from(copy.buffer, copy.byteOffset + 1, 2)
  shared[0] = 8
  return [
    whole.toString('hex'),
    copy.toString('hex'),
    Buffer.alloc(2, 6).toString('hex'),
    Buffer.isBuffer(joined),
    Buffer.isBuffer(new Uint8Array(1)),
    [...joined],
  ]
}

function comparisons(): unknown[] {
  const some = ['', '00', '01', '0100', 'ff', '0102'].map((hex) => Buffer.from(hex, 'hex'))
  return some.flatMap((one) => some.map((other) => [Buffer.compare(one, other), one.equals(other)]))
}
