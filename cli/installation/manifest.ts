/** The manifest of an installation: what is installed, for `uninstall`, `--check` and the next `install`. */

import * as z from 'zod/mini'
import { writeFile } from '../../shared/kernel/durable.ts'
import { readDirectoryIfAny, remove } from '../../shared/kernel/files.ts'
import { readOwnIfAny } from '../../shared/kernel/regular.ts'
import { ownFolder } from './places.ts'

const schema = z.object({
  manifest: z.literal(1),
  version: z.string(),
  engine: z.enum(['quickjs', 'node']),
  architecture: z.string(),
  size: z.number(),
  checksum: z.string(),
  names: z.array(z.string().check(z.regex(/^[a-z0-9-]+$/))),
  replaced: z.array(z.string()),
  /** `patchbay-agent`. */
  agent: z.optional(z.object({ version: z.string(), size: z.number(), checksum: z.string() })),
  netavark: z.optional(
    z.object({ directory: z.string(), names: z.array(z.string().check(z.regex(/^[a-z0-9-]+$/))) }),
  ),
})

export type Manifest = z.infer<typeof schema>

export const manifestPath = (directory: string): string => `${ownFolder(directory)}/manifest.json`

/** Reads the manifest of a directory; undefined when there is none, or it is damaged. */
export function readManifest(directory: string): Manifest | undefined {
  const text = readOwnIfAny(manifestPath(directory))?.toString()
  if (text === undefined) return undefined
  try {
    const { data } = schema.safeParse(JSON.parse(text))
    return data
  } catch {
    return undefined
  }
}

/** Its text. */
export const textOf = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

/** Writes it, durably, and removes what an interrupted write has left; the directory is locked. */
export function writeManifest(directory: string, manifest: Manifest): void {
  const folder = ownFolder(directory)
  for (const { name } of readDirectoryIfAny(folder))
    if (/^manifest\.json\.\d+\.\d+\.tmp$/.test(name)) remove(`${folder}/${name}`)
  writeFile(manifestPath(directory), textOf(manifest), 0o644)
}
