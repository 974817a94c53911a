/** A case: all inputs of one call, as JSON. A corpus file holds one; the generators make them; shrinking makes them smaller. */

import * as z from 'zod/mini'

/** A file of the plugins' state, by its place among them sorted by path, and what it becomes. */
const damage = z.strictObject({
  nth: z.number(),
  becomes: z.union([z.enum(['nothing', 'a link to nowhere']), z.strictObject({ text: z.string() })]),
})

/** A value to set in a result, by its path; without a value it is deleted. */
const patch = z.strictObject({
  at: z.array(z.union([z.string(), z.number()])),
  value: z.optional(z.unknown()),
})

/**
 * A change of what the kernel answers: of the nth datagram that the call reads, at a place modulo its length. Without bytes
 * the datagram ends there.
 */
const lie = z.strictObject({
  nth: z.number(),
  at: z.number(),
  bytes: z.optional(z.string().check(z.regex(/^([0-9a-f]{2})+$/))),
})

const config = z.record(z.string(), z.unknown())

const schema = z.strictObject({
  plugin: z.string(),
  /** A verb of CNI, or a word of netavark: create, setup, teardown. */
  verb: z.string(),
  /** Environment variables that differ from the usual; null: not set. */
  env: z.optional(z.record(z.string(), z.nullable(z.string()))),
  /** Standard input, as JSON. */
  config: z.optional(config),
  /** Standard input as text, instead of `config`: each character is a byte. */
  text: z.optional(z.string()),
  /** The namespace that netavark names; without it, the container's. */
  netns: z.optional(z.string()),
  /** The configuration of an attachment (eth0) that ADD or setup makes before. */
  first: z.optional(config),
  /** What happens to the files that this ADD wrote. */
  damage: z.optional(z.array(damage)),
  /** `config` gets the result of this ADD as prevResult, with these changes. */
  prevResult: z.optional(z.array(patch)),
  /** What the delegate `fuzz-ipam` answers; without it, a valid result. */
  delegate: z.optional(z.strictObject({ stdout: z.string(), status: z.number() })),
  /** What the kernel answers. Such a case is played within a Node process (play/in-process.ts). */
  lies: z.optional(z.array(lie)),
})

export type Case = z.output<typeof schema>
export type Damage = z.output<typeof damage>
export type Lie = z.output<typeof lie>
export type Patch = z.output<typeof patch>

/** Whether a value is a case: shrinking makes others, too. */
export function isCase(value: unknown): value is Case {
  return schema.safeParse(value).success
}

/** What a detector found. */
export interface Finding {
  kind: string
  /** The text, change or status that shows it. */
  text: string
}

/** A case and its findings. */
export interface Found extends Finding {
  input: Case
}
