/** The answer to VERSION, which needs no plugin: podman asks it of every plugin at nearly every command. */

import { parseObject } from './json.ts'
import { newest, versions } from './version.ts'

/** The versions spoken, under the version that was asked in; without one, under the newest (spec section "VERSION"). */
export function versionAnswer(read: () => string): string {
  let asked: unknown
  try {
    asked = parseObject(read(), 'version request').cniVersion
  } catch {}
  const cniVersion = typeof asked === 'string' && asked !== '' ? asked : newest
  return `${JSON.stringify({ cniVersion, supportedVersions: versions })}\n`
}
