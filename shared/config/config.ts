/** A plugin's configuration: its own keys, the keys that all plugins share, and the rules across keys. */

import type * as z from 'zod/mini'
import type { Complaint } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { common } from './common.ts'
import { complaintsOf, formatPath, invalidConfig, type Path } from './issues.ts'
import { canonicalObject } from './keys.ts'
import { takeObject } from './lenient.ts'
import { nearest } from './near.ts'
import type { Rule } from './rules.ts'
import type { Shape } from './schema.ts'
import { validateObject } from './strict.ts'
import { complaintAbout, hasUnknownKeys, type UnknownKey, unknownKeysIn } from './unknown.ts'

/** The plugins that keys belong to, by key in lower case. */
export type Owners = ReadonlyMap<string, readonly string[]>

/** A configuration's shape (zod) and the rules across its keys. */
export interface ConfigSchema<Config> {
  /** Every key with its schema, common keys included. JSON Schema and the key tables are generated from it. */
  shape: Shape
  /**
   * Validates a configuration.
   * @param owners the plugins that keys belong to
   * @throws CniError of code 7 with the place, the value found and the values allowed
   */
  parse(raw: Record<string, unknown>, log: Log, owners?: Owners): Config
  /** Reads the valid parts of a configuration and never throws: for DEL. */
  parseLeniently(raw: Record<string, unknown>, log: Log): Config
  /** The plugin's own top-level keys, without common keys: for the hint that a key belongs to another plugin. */
  keys(): string[]
  /** A configuration with its known keys in canonical case. */
  canonical(raw: Record<string, unknown>): Record<string, unknown>
  /** Whether a canonical configuration has unknown top-level keys; for a delegate always false. */
  hasUnknownKeys(raw: Record<string, unknown>): boolean
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
  const canonical = (raw: Record<string, unknown>) => canonicalObject(shape, raw)
  const unknown = (raw: Record<string, unknown>) =>
    unknownKeysIn(shape, raw).filter(({ path }) => !delegate || path.length > 1)

  return {
    shape,
    canonical,
    keys: () => Object.keys(own).filter((key) => !Object.hasOwn(common, key)),
    hasUnknownKeys: (raw) => !delegate && hasUnknownKeys(shape, raw),
    parse(raw, log, owners = new Map()) {
      const known = canonical(raw)
      const { data, issues } = validateObject(shape, known)
      const { refused, ignored } = sort(unknown(known), owners)
      refuse([...complaintsOf(issues, known), ...refused])
      const config = data as Config<Own>
      refuse(rules.flatMap((rule) => rule(config) ?? []))
      if (ignored.length > 0) log.warn(`unknown keys are ignored: ${someOf(ignored)}`)
      return config
    },
    parseLeniently: (raw, log) => takeObject(shape, canonical(raw), log) as Config<Own>,
  }
}

function refuse(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw invalidConfig(complaints)
}

/** Only so many unknown keys are compared with the known ones, which takes long; real configurations have fewer. */
const compared = 100

/** Complaints about unknown keys that are mistyped or another plugin's, and the paths of the other unknown keys. */
function sort(unknown: UnknownKey[], owners: Owners): { refused: Complaint[]; ignored: Path[] } {
  const refused: Complaint[] = []
  const ignored: Path[] = []
  for (const [index, { key, known, path }] of unknown.entries()) {
    const plugins = path.length === 1 ? owners.get(key.toLowerCase()) : undefined
    const complaint = complaintAbout(path, index < compared ? nearest(key, known) : undefined, plugins)
    if (complaint) refused.push(complaint)
    else ignored.push(path)
  }
  return { refused, ignored }
}

/** The first of the paths, and how many there are besides. */
function someOf(paths: readonly Path[], most = 20): string {
  const more = paths.length > most ? ` and ${paths.length - most} more` : ''
  return paths.slice(0, most).map(formatPath).join(', ') + more
}
