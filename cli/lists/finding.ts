/** What is wrong in a file, and where. */

import type * as z from 'zod'
import { placeIn } from '../../shared/config/json.ts'
import { CniError, type Complaint, shortened, toCniError } from '../../shared/error/error.ts'
import type { finding } from '../answers/validate.ts'
import { type Spots, spotNamed } from './spots.ts'

export type Finding = z.infer<typeof finding>

/** The text of a file. */
export interface Source {
  file: string
  text: string
  /** Of valid JSON. */
  spots?: Spots
}

/** A fault of a network. `error`: ADD refuses it. `warning`: ADD takes it, and yet it does not do what it says. */
export interface Fault extends Pick<Complaint, 'msg' | 'hint'> {
  severity: Finding['severity']
  /** The path of the configuration in the file that the message is about, as `plugins[0]`. */
  within?: string
  /** The path of the place itself, where the message does not name it. */
  path?: string
  /** Offset in the text, where there is no path. */
  offset?: number
}

/** A name or a value in a message may have a megabyte. */
const longestMessage = 500

/** A fault with its place. */
export function findingOf(source: Source, { severity, msg, hint, ...where }: Fault): Finding {
  const offset = where.offset ?? offsetOf(source, msg, where)
  return {
    file: source.file,
    ...(offset !== undefined && placeIn(source.text, offset)),
    ...{ severity, message: shortened(msg, longestMessage) },
    ...(hint && { hint: shortened(hint, longestMessage) }),
  }
}

function offsetOf({ spots }: Source, msg: string, { within = '', path }: Omit<Fault, 'msg' | 'severity'>) {
  if (!spots) return undefined
  const get = (one: string) => spots.byPath.get(one.toLowerCase())
  const spot = path === undefined ? spotNamed(spots, within, msg) : get(path)
  if (!spot) return (get(within ? `${within}.type` : '') ?? get(within))?.value
  return isAboutKey(msg) ? (spot.key ?? spot.value) : spot.value
}

/** Whether the key is at fault, and not its value. */
function isAboutKey(msg: string): boolean {
  return /^(unknown key|key without effect|key twice)/.test(msg)
}

/** The faults in an error of a plugin, each by itself. @param within the path of its configuration @throws what is no such error */
export function faultsOf(error: unknown, within?: string): Fault[] {
  if (!(error instanceof CniError)) throw error
  const { also = [], ...first } = error.complaint
  return [first, ...also].map(({ msg, details, hint }) => ({
    severity: 'error',
    ...{ msg: details ? `${msg}: ${details}` : msg, hint, within },
  }))
}

/** An error of reading a file as a fault of it. */
export function faultOf(error: unknown): Fault {
  const { msg, hint } = toCniError(error).complaint
  return { severity: 'error', msg, hint }
}

export const warning = (msg: string, hint?: string): Fault => ({ severity: 'warning', msg, hint })

export const error = (msg: string, hint?: string): Fault => ({ severity: 'error', msg, hint })
