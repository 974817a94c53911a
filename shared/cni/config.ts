/** A plugin's configuration: its own keys beside those that all plugins share, and the rules across them. */

import type * as z from 'zod/mini'
import { common } from './common.ts'
import type { Complaint } from './error.ts'
import type { Owners } from './foreign.ts'
import { complaintsOf, formatPath, invalidConfig } from './issues.ts'
import { canonicalObject } from './keys.ts'
import { takeObject } from './lenient.ts'
import { nearest } from './near.ts'
import type { ConfigSchema } from './plugin.ts'
import type { Rule } from './rules.ts'
import type { Shape } from './schema.ts'
import { judgeObject } from './strict.ts'
import { complaintAbout, type Stranger, strangersIn } from './unknown.ts'

type Whole<Own extends Shape> = Omit<typeof common, keyof Own> & Own

/** The type of a configuration that a shape describes. */
export type Config<Own extends Shape> = z.output<z.ZodMiniObject<Whole<Own>>>

export interface Options<Config> {
  /** Judged after the shape, so defaults are in place. */
  rules?: readonly Rule<Config>[]
  /** For delegates (IPAM): the top level is the calling plugin's, so its other keys are no business of ours. */
  delegate?: boolean
}

/**
 * The schema of a plugin's configuration.
 * @param own the plugin's keys; one that is also common takes its place
 */
export function network<Own extends Shape>(
  own: Own,
  { rules = [], delegate = false }: Options<Config<Own>> = {},
): ConfigSchema<Config<Own>> {
  const shape: Shape = { ...common, ...own }
  const canonical = (raw: Record<string, unknown>) => canonicalObject(shape, raw)
  const unknown = (raw: Record<string, unknown>) =>
    strangersIn(shape, raw).filter(({ path }) => !delegate || path.length > 1)

  return {
    shape,
    canonical,
    keys: () => Object.keys(own).filter((key) => !Object.hasOwn(common, key)),
    hasStrangers: (raw) => unknown(raw).some(({ path }) => path.length === 1),
    parse(raw, log, owners = new Map()) {
      const known = canonical(raw)
      const { data, issues } = judgeObject(shape, known)
      const { slips, harmless } = sort(unknown(known), owners)
      refuse([...complaintsOf(issues, known), ...slips])
      const config = data as Config<Own>
      refuse(rules.flatMap((rule) => rule(config) ?? []))
      if (harmless.length > 0) log.warn(`unknown keys are ignored: ${harmless.join(', ')}`)
      return config
    },
    parseLeniently: (raw, log) => takeObject(shape, canonical(raw), log) as Config<Own>,
  }
}

function refuse(complaints: readonly Complaint[]): void {
  if (complaints.length > 0) throw invalidConfig(complaints)
}

/** Unknown keys that are slips or another plugin's, as complaints, and the others, by path. */
function sort(unknown: Stranger[], owners: Owners): { slips: Complaint[]; harmless: string[] } {
  const slips: Complaint[] = []
  const harmless: string[] = []
  for (const { key, known, path } of unknown) {
    const whose = path.length === 1 ? owners.get(key.toLowerCase()) : undefined
    const complaint = complaintAbout(path, nearest(key, known), whose)
    if (complaint) slips.push(complaint)
    else harmless.push(formatPath(path))
  }
  return { slips, harmless }
}
