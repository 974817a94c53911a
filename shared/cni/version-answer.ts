/** The answer to VERSION. It needs no plugin: podman calls it for every plugin at nearly every command. */

import { parseObject } from '../config/json.ts'
import { newest, versions } from './version.ts'

/** The supported versions, with the request's cniVersion; without one, with the newest (spec section "VERSION"). */
export function versionAnswer(read: () => string): string {
  let asked: unknown
  try {
    asked = parseObject(read(), 'version request').cniVersion
  } catch {}
  const cniVersion = typeof asked === 'string' && asked !== '' ? asked : newest
  return `${JSON.stringify({ cniVersion, supportedVersions: versions })}\n`
}
