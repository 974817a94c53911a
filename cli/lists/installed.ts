/** Which file each plugin of a network is on this host, and the versions that it supports. */

import { environment } from '#engine'
import type { Registry } from '../../shared/cni/plugin.ts'
import { versions } from '../../shared/cni/version.ts'
import { nearest } from '../../shared/config/near.ts'
import { type Complaint, toCniError } from '../../shared/error/error.ts'
import { findPlugin } from '../../shared/ipam/delegate.ts'
import { word } from '../form/shell.ts'
import { versionsOfPlugin } from '../host/cni-versions.ts'
import { isOfOurs, standard, directories as usual } from '../host/executable.ts'
import { readManifest } from '../installation/manifest.ts'
import { ownerOf } from '../installation/owner.ts'

export interface Installed {
  /** Undefined when it is not installed. */
  path?: string
  /** Whether the file is Patchbay's. */
  ours: boolean
  /** Undefined when it did not tell. */
  versions?: readonly string[]
  fault?: Complaint
}

/** Finds plugins; each is looked at once. */
export interface Finder {
  directories: readonly string[]
  find(type: string): Installed
  /** Whether a plugin's keys are known: those of the name, and of other names whose file is Patchbay's. */
  isChecked(type: string): boolean
}

export function finderOf(registry: Registry): Finder {
  const directories = searched()
  const found = new Map<string, Installed>()
  const find = (type: string) => {
    const known = found.get(type) ?? look(type, directories, registry)
    found.set(type, known)
    return known
  }
  const isChecked = (type: string) =>
    Object.hasOwn(registry, type) || (isOfOurs(type, registry) && find(type).ours)
  return { directories, find, isChecked }
}

/** Those of CNI_PATH, as a runtime has them; else the usual ones, and that of this executable if `patchbay install` has put it there. */
function searched(): string[] {
  const given = (environment().CNI_PATH ?? '').split(':').filter((one) => one.startsWith('/'))
  if (given.length > 0) return given
  const [own = ''] = usual()
  const isInstalled = !standard.includes(own) && readManifest(own) !== undefined
  return isInstalled ? [own, ...standard] : [...standard]
}

function look(type: string, directories: readonly string[], registry: Registry): Installed {
  try {
    const { path } = findPlugin(type, directories)
    const directory = path.slice(0, path.length - type.length - 1)
    if (ownerOf(directory, type) === 'ours') return { path, ours: true, versions }
    return { path, ours: false, ...askVersion(path) }
  } catch (error) {
    const { complaint } = toCniError(error)
    return { ours: false, fault: { ...complaint, hint: hintFor(type, registry) ?? complaint.hint } }
  }
}

function hintFor(type: string, registry: Registry): string | undefined {
  if (Object.hasOwn(registry, type)) return 'patchbay install puts it into a directory of plugins'
  const meant = nearest(type, Object.keys(registry))
  return meant && `did you mean ${meant}?`
}

/** Runs VERSION, which changes nothing. */
function askVersion(path: string): Pick<Installed, 'versions' | 'fault'> {
  const versions = versionsOfPlugin(path)
  if (!versions)
    return {
      fault: { msg: `${path} does not answer VERSION`, hint: `file ${word(path)}; ls -l ${word(path)}` },
    }
  return { versions: versions.map((one) => one.slice(0, 20)).slice(0, 50) }
}
