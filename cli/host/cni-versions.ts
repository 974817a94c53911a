/** Which versions of the CNI specification runtimes and plugins take. */

import { environment } from '#engine'
import { isObject, jsonIn } from '../../shared/config/json.ts'
import { run } from '../../shared/kernel/run.ts'
import { isAtLeast } from './program-version.ts'
import type { Runtime } from './runtimes.ts'

/** The first release of a runtime whose libcni takes a version, the newest first (go.mod of the releases). */
const releases: Readonly<Record<Runtime['name'], readonly (readonly [release: string, cni: string])[]>> = {
  containerd: [
    ['2.0.0', '1.1.0'],
    ['1.6.0', '1.0.0'],
    ['0', '0.4.0'],
  ],
  crio: [
    ['1.31.0', '1.1.0'],
    ['1.24.0', '1.0.0'],
    ['0', '0.4.0'],
  ],
  podman: [
    ['4.0.0', '1.0.0'],
    ['0', '0.4.0'],
  ],
}

/** The newest version that a runtime takes. @param release its version */
export function newestOfRuntime(name: Runtime['name'], release: string): string {
  return releases[name].find(([least]) => isAtLeast(release, least))?.[1] ?? '0.4.0'
}

/** A plugin that needs longer is not asked any more. */
const bounds = { milliseconds: 3000, bytes: 65536 }

/** The versions that a plugin tells by VERSION (specification, section "VERSION"); undefined when it does not answer. */
export function versionsOfPlugin(path: string): string[] | undefined {
  const env = { ...environment(), CNI_COMMAND: 'VERSION' }
  const { status, stdout } = run({ path, arguments: [], env, input: '{"cniVersion":"1.0.0"}' }, bounds)
  const answer = status === 0 ? jsonIn(stdout) : undefined
  const versions = isObject(answer) ? answer.supportedVersions : undefined
  return Array.isArray(versions) ? versions.filter((one) => typeof one === 'string') : undefined
}
