/** An entry of the journal of DHCP for a bundle: what a container calls itself, and what it sends besides, is masked. */

import { isObject, jsonIn } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { mask } from './mask.ts'
import { type Content, content } from './part.ts'
import { readBounded } from './read.ts'

/** An option that a network provides may have anything. */
const masked = ['clientId', 'hostname', 'provide']

/** @throws CniError for what is no entry: what to mask in it is not known */
export function readLease(path: string): Content {
  const entry = jsonIn(readBounded(path).text)
  if (!isObject(entry) || !isObject(entry.client))
    throw new CniError(Code.DecodingFailure, { msg: 'it is no entry of the journal of DHCP' })
  const client = Object.entries(entry.client).map(([key, value]) => [
    key,
    masked.includes(key) ? mask : value,
  ])
  return content(`${JSON.stringify({ ...entry, client: Object.fromEntries(client) })}\n`)
}
