/** The runtimes of this host that call CNI plugins, and the versions of the specification that they take. */

import { newestOfRuntime } from '../host/cni-versions.ts'
import { versionOfProgram } from '../host/program-version.ts'
import { findRuntimes } from '../host/runtimes.ts'

export interface Runtime {
  name: string
  path: string
  version: string
  /** The highest version of the specification that its libcni reads. */
  takes: string
}

/** Those that tell their version. Settings that cannot be read do not matter here: doctor names them. */
export function runtimesWithVersion(): Runtime[] {
  return findRuntimes(() => {}).flatMap(({ name, program: path }) => {
    const version = path && versionOfProgram(path)
    return path && version ? [{ name, path, version, takes: newestOfRuntime(name, version) }] : []
  })
}

/** Compares versions by their numbers: negative when the first is the older one. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
