/** Faults of a configuration as sentences: the place, the value found, the values allowed. */

import type * as z from 'zod/mini'
import { CniError, Code, type Complaint } from '../error/error.ts'

export type Path = readonly PropertyKey[]

/** A path in the syntax of code: `ipam.ranges[0][1].subnet`, `["cni.dev/x"]`. */
export function formatPath(path: Path): string {
  return path.map(formatStep).join('').replace(/^\./, '')
}

function formatStep(step: PropertyKey): string {
  if (typeof step === 'number') return `[${step}]`
  return /^[\w-]+$/.test(String(step)) ? `.${String(step)}` : `[${JSON.stringify(step)}]`
}

/** The value at a path, or undefined when there is none. */
function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], value)
}

const secret = /secret|password|private|psk|token/i

/** A value for messages: JSON, shortened, without secrets. */
export function show(value: unknown, path: Path = []): string {
  if (path.some((step) => secret.test(String(step)))) return 'a secret value'
  const hide = (key: string, item: unknown) => (secret.test(key) ? '…' : item)
  const json = JSON.stringify(value, hide)
  return json.length > 80 ? `${json.slice(0, 79)}…` : json
}

/** zod's issues as sentences, one for each place: zod may report one value several times. */
export function complaintsOf(issues: readonly z.core.$ZodIssue[], value: unknown): Complaint[] {
  const messages = new Map<string, string>()
  for (const { path, message } of issues) {
    const where = formatPath(path)
    const found = valueAt(value, path)
    const what = found === undefined ? 'is missing' : `is ${show(found, path)}`
    if (!messages.has(where)) messages.set(where, `${where} ${what}, must be ${message}`)
  }
  return [...messages.values()].map((msg) => ({ msg }))
}

/** The first complaint as the message, the others in the details. */
export function invalidConfig(complaints: readonly Complaint[]): CniError {
  const [first = { msg: 'the configuration is wrong' }, ...others] = complaints
  return new CniError(Code.InvalidNetworkConfig, { ...first, also: others })
}
