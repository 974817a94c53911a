/** The error that another program has reported in CNI's form (spec section "Error"). */

import { show } from '../config/issues.ts'
import { isObject, parseJson } from '../config/json.ts'
import { CniError, Code } from '../error/error.ts'

/** @param who what failed, for a message that is missing @returns undefined when the output has none */
export function reportedError(stdout: string, who: string): CniError | undefined {
  const { code, msg, details } = parsed(stdout)
  if (code === undefined && msg === undefined) return undefined
  const known = isCode(code) ? code : undefined
  const facts = [
    typeof details === 'string' && details,
    known === undefined &&
      `${who}'s code is ${code === undefined ? 'missing' : show(code)}, which CNI does not have`,
  ].filter((fact) => typeof fact === 'string')
  return new CniError(known ?? Code.Internal, {
    msg: messageOf(msg, who) ?? `${who} failed: code ${known ?? Code.Internal}, no message`,
    ...(facts.length > 0 && { details: facts.join('; ') }),
  })
}

function parsed(stdout: string): Record<string, unknown> {
  try {
    const answer = parseJson(stdout, 'error')
    return isObject(answer) ? answer : {}
  } catch {
    return {}
  }
}

/** Runtimes read it as an unsigned integer; one that fits into 31 bits is the same for all. */
function isCode(code: unknown): code is number {
  return Number.isInteger(code) && Number(code) > 0 && Number(code) < 2 ** 31
}

/** A text stays as it is; another value becomes JSON. */
function messageOf(msg: unknown, who: string): string | undefined {
  if (msg === undefined || msg === null || msg === '') return undefined
  return typeof msg === 'string' ? msg : `${who} failed: ${show(msg)}`
}
