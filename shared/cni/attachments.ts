/** GC's list of valid attachments (spec section "GC"). It is always read strictly: GC removes the attachments not in it. */

import * as z from 'zod/mini'
import { complaintsOf, invalidConfig } from '../config/issues.ts'
import { canonical } from '../config/keys.ts'
import { list, open, string } from '../config/schema.ts'
import { below } from '../config/strict.ts'

export interface ValidAttachment {
  containerID: string
  ifname: string
}

/** The spec's key, and the key in the text tagged 1.1.0; libcni sends both. */
const keys = ['cni.dev/valid-attachments', 'cni.dev/attachments'] as const

export const schema = list(open({ containerID: string, ifname: string }))

/** Reads the valid attachments; without the key none is valid, as in libcni. @throws CniError of code 7 */
export function validAttachments(raw: Record<string, unknown>): ValidAttachment[] {
  const key = keys.find((name) => Object.hasOwn(raw, name))
  if (key === undefined) return []
  const known = canonical(schema, raw[key])
  const { data, error } = z.safeParse(schema, known)
  if (data) return data.map(({ containerID, ifname }) => ({ containerID, ifname }))
  throw invalidConfig(complaintsOf(below(key, error.issues), { [key]: known }))
}
