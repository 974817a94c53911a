/** Which version of the CNI specification a list may have: what its plugins and the runtimes take. */

import { versions as published } from '../../shared/cni/version.ts'
import { isObject } from '../../shared/config/json.ts'
import { error, type Fault, warning } from './finding.ts'
import type { Finder, Installed } from './installed.ts'
import { partsOf } from './member.ts'
import type { Network } from './network.ts'
import { compareVersions, type Runtime } from './runtimes.ts'

/** A plugin that a network calls: a member, or the IPAM plugin of one. */
export interface Called extends Installed {
  type: string
  /** Where the file names it. */
  place: string
}

/** The plugins that a network calls, each place of the file by itself. */
export function calledBy({ kind, members }: Network, finder: Finder): Called[] {
  if (kind === 'podman') return []
  return members.flatMap(({ type, raw, path }) =>
    [{ type, place: join(path, 'type') }, ...delegates(raw.ipam, join(path, 'ipam'))]
      .filter((one) => one.type !== '')
      .map((one) => ({ ...one, ...finder.find(one.type) })),
  )
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

function delegates(ipam: unknown, path: string): { type: string; place: string }[] {
  if (!isObject(ipam)) return []
  const parts = partsOf(ipam).flatMap((part, at) => delegates(part, `${path}.list[${at}]`))
  return typeof ipam.type === 'string' ? [{ type: ipam.type, place: `${path}.type` }, ...parts] : parts
}

/** Plugins that are not installed or do not tell their versions, and those that do not support the list's. */
export function versionFaults({ cniVersion, whole }: Network, called: readonly Called[]): Fault[] {
  const isPublished = (published as readonly string[]).includes(cniVersion)
  return called.flatMap(({ type, place, path, versions, fault }) => {
    if (fault)
      return [
        { ...warning(path ? fault.msg : `${type} is not installed: ${fault.msg}`, fault.hint), path: place },
      ]
    if (
      !isPublished ||
      !versions ||
      versions.includes(cniVersion) ||
      chosen(whole).some((one) => versions.includes(one))
    )
      return []
    const msg = `${path} does not support cniVersion ${cniVersion}: it supports ${versions.join(', ')}`
    return [{ ...error(msg, 'write a version that all plugins of the list support'), path: place }]
  })
}

/** libcni 1.2 and newer choose one of these. */
function chosen({ cniVersions }: Record<string, unknown>): string[] {
  return Array.isArray(cniVersions) ? cniVersions.filter((one) => typeof one === 'string') : []
}

/** The runtimes that cannot read a result of the list's version. */
export function runtimeFaults({ kind, cniVersion, whole }: Network, runtimes: readonly Runtime[]): Fault[] {
  if (kind === 'podman') return []
  return runtimes.flatMap(({ name, version, takes }) => {
    // Another version has its own finding.
    if (!(published as readonly string[]).includes(cniVersion) || compareVersions(cniVersion, takes) <= 0)
      return []
    if (takes === '1.1.0' && chosen(whole).some((one) => compareVersions(one, takes) <= 0)) return []
    const msg = `${name} ${version} takes cniVersion ${takes} at most: with ${cniVersion} each of its ADDs fails`
    return [{ ...error(msg, `write "cniVersion": "${takes}", or upgrade ${name}`), path: 'cniVersion' }]
  })
}

/** The highest version that all take; undefined when a plugin did not tell its versions. */
export function highest(called: readonly Called[], runtimes: readonly Runtime[]): string | undefined {
  const [first, ...others] = called.map(({ versions }) => versions)
  if (!first || others.includes(undefined)) return undefined
  const bounds = runtimes.map(({ takes }) => takes)
  const common = first
    .filter((one) => others.every((versions) => versions?.includes(one)))
    .filter((one) => bounds.every((bound) => compareVersions(one, bound) <= 0))
  return common.sort(compareVersions).at(-1)
}
