/** A plugin's configuration: its own keys, the keys that all plugins share, and the rules across keys. */

import type * as z from 'zod/mini'
import type { Complaint } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { common } from './common.ts'
import { shapeOf } from './inspect.ts'
import { complaintsOf, invalidConfig } from './issues.ts'
import { canonicalObject } from './keys.ts'
import { takeObject } from './lenient.ts'
import type { Rule } from './rules.ts'
import type { Schema, Shape } from './schema.ts'
import { validateObject } from './strict.ts'
import {
  complaintAbout,
  isMisspelt,
  isYounger,
  judge,
  type Origins,
  unknownAmong,
  unknownKeysIn,
  warningAbout,
} from './unknown.ts'

/** A configuration's shape (zod) and the rules across its keys. */
export interface ConfigSchema<Config> {
  /** Every key with its schema, common keys included. JSON Schema and the key tables are generated from it. */
  shape: Shape
  /**
   * Validates a configuration in canonical case. A misspelt key is refused; a warning names the other keys that have no effect.
   * @param origins who else knows the unknown keys
   * @throws CniError of code 7 with the place, the value found and the values allowed
   */
  parse(raw: Record<string, unknown>, log: Log, origins?: Origins): Config
  /** Reads the valid parts of a configuration in canonical case and never throws: for DEL. */
  parseLeniently(raw: Record<string, unknown>, log: Log): Config
  /** The plugin's own keys, without common keys: at the top level; of a delegate those of `ipam`, as `ipam.subnet`. */
  keys(): string[]
  /** A configuration with its known keys in canonical case. */
  canonical(raw: Record<string, unknown>): Record<string, unknown>
  /** The unknown keys of a canonical configuration, at the same place as `keys`, which others may know. */
  unknownKeys(raw: Record<string, unknown>): string[]
}

type Whole<Own extends Shape> = Omit<typeof common, keyof Own> & Own

/** The type of a configuration that a shape describes. */
export type Config<Own extends Shape> = z.output<z.ZodMiniObject<Whole<Own>>>

export interface Options<Config> {
  /** Checked after the shape, so that defaults are set. */
  rules?: readonly Rule<Config>[]
  /** For delegates (IPAM): the top level belongs to the calling plugin, so unknown keys there are not reported. */
  delegate?: boolean
}

/**
 * The schema of a plugin's configuration.
 * @param own the plugin's keys; one with the name of a common key replaces it
 */
export function network<Own extends Shape>(
  own: Own,
  { rules = [], delegate = false }: Options<Config<Own>> = {},
): ConfigSchema<Config<Own>> {
  const shape: Shape = { ...common, ...own }
  const unknown = (raw: Record<string, unknown>) =>
    unknownKeysIn(shape, raw).filter(({ path }) => !delegate || path.length > 1)

  return {
    shape,
    canonical: (raw) => canonicalObject(shape, raw),
    keys: () => (delegate ? inIpam(Object.keys(ipamShape(own))) : ownKeys(own)),
    unknownKeys: (raw) =>
      delegate ? inIpam(unknownAmong(ipamShape(own), raw.ipam)) : unknownAmong(shape, raw),
    parse(raw, log, origins = new Map()) {
      const { data, issues } = validateObject(shape, raw)
      const judged = judge(unknown(raw), origins)
      const faults = issues.filter(({ path: [key] }) => !isYounger(key))
      refuse([...complaintsOf(faults, raw), ...judged.filter(isMisspelt).map(complaintAbout)])
      const config = data as Config<Own>
      refuse(rules.flatMap((rule) => rule(config) ?? []))
      const ignored = judged.filter((key) => !isMisspelt(key))
      if (ignored.length > 0) log.warn(warningAbout(ignored))
      if (faults.length < issues.length && !delegate) log.warn(withoutThese(issues, raw))
      return config
    },
    parseLeniently: (raw, log) => takeObject(shape, raw, log) as Config<Own>,
  }
}

/** The words of `take` for a value of which ADD does without. */
function withoutThese(issues: Parameters<typeof complaintsOf>[0], raw: Record<string, unknown>): string {
  const complaints = complaintsOf(issues, raw)
  return `${complaints.map(({ msg }) => msg).join('; ')}; going on without it`
}

function refuse(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw invalidConfig(complaints)
}

function ownKeys(own: Shape): string[] {
  return Object.keys(own).filter((key) => !Object.hasOwn(common, key))
}

/** The keys of a delegate's own section. */
function ipamShape({ ipam }: Shape): Record<string, Schema> {
  return (ipam && shapeOf(ipam)) ?? {}
}

const inIpam = (keys: readonly string[]) => keys.map((key) => `ipam.${key}`)
