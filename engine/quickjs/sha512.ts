/** The only function of `@noble/hashes` that is used, in C: the build puts this module in its place. */

import { sha512 as hash } from 'qjs:sha512'

export const sha512 = (bytes: Uint8Array) => new Uint8Array(hash(bytes))
