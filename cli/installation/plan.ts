/** What an installation changes in the directory of plugins: computed whole before the first change, so a refusal changes nothing. */

import { architecture } from '#engine'
import { driverNames } from '../../netavark/drivers.ts'
import { CniError, Code, type Complaint } from '../../shared/error/error.ts'
import { readDirectoryIfAny, readLink } from '../../shared/kernel/files.ts'
import { lstat, stat } from '../../shared/kernel/stat.ts'
import { agentChanges, agentEntry } from './agent.ts'
import { type Change, keep, newDirectory, placeExecutable, placeLink, putBack, removal } from './change.ts'
import { checksumOf } from './checksum.ts'
import { type Manifest, manifestPath, readManifest, textOf, writeManifest } from './manifest.ts'
import { type Owner, ownerOf, ownerOfExecutable } from './owner.ts'
import { executable, ownFolder, pluginNames, relativePath, replacedFolder } from './places.ts'
import type { Source } from './source.ts'

/** What is wanted. The directories are absolute, without symlinks where they exist. */
export interface Wanted {
  directory: string
  source: Source
  replace: boolean
  netavark?: string | undefined
  /** The Node executable, to be `patchbay-agent`. */
  agent?: Source | undefined
}

/** The changes that are missing. @throws CniError that lists all plugins of others, unless they are to be replaced */
export function planInstall(wanted: Wanted): Change[] {
  const { directory, replace } = wanted
  const owners = ownersOf(directory)
  refuseForeign(directory, owners, replace)
  const before = readManifest(directory)
  const foreign = [...owners].filter(([, owner]) => owner === 'foreign').map(([name]) => name)
  const changes = [
    ...(stat(directory) ? [] : [newDirectory(directory)]),
    ...foreign.map((name) => keep(directory, name)),
    ...executableChange(wanted),
    ...agentChanges(directory, wanted.agent, wanted.source.engine),
    ...linkChanges(directory),
    ...(before ? obsolete(directory, before) : []),
    ...(wanted.netavark === undefined ? [] : driverChanges(wanted.netavark, directory)),
  ]
  return [...changes, ...manifestChange(wanted, before, foreign)]
}

/** Whose each of our names is. */
export function ownersOf(directory: string): Map<string, Owner> {
  const owners = new Map(pluginNames().map((name) => [name, ownerOf(directory, name)]))
  // First, so that it is kept before the others: their kept files say that it was ours.
  return new Map([[executable, ownerOfExecutable(directory)], ...owners])
}

function refuseForeign(directory: string, owners: Map<string, Owner>, replace: boolean): void {
  const names = (owner: Owner) => [...owners].filter(([, found]) => found === owner).map(([name]) => name)
  const [foreign, directories] = [replace ? [] : names('foreign'), names('directory')]
  if (foreign.length + directories.length === 0) return
  throw new CniError(Code.IoFailure, {
    msg: `${directory} has ${foreign.length + directories.length} files of another program under names of ours; nothing was changed`,
    ...(foreign.length > 0 && { details: `plugins: ${foreign.join(', ')}` }),
    hint: 'patchbay install --replace keeps them, and patchbay uninstall puts them back; or choose another directory with --to',
    ...(directories.length > 0 && { also: [notFiles(directories)] }),
  })
}

function notFiles(names: readonly string[]): Complaint {
  return { msg: `not files, so --replace cannot keep them: ${names.join(', ')}` }
}

function executableChange({ directory, source }: Wanted): Change[] {
  const path = `${directory}/${executable}`
  if (isSame(path, source)) return []
  const says = `write ${path}: version ${source.version}, engine ${source.engine}, ${source.size} bytes`
  return [placeExecutable(directory, source.path, path, says)]
}

const PERMISSIONS = 0o7777

/** Whether a path is a regular file with the bytes of the source, and may be executed. */
function isSame(path: string, { size, checksum }: Source): boolean {
  const found = lstat(path)
  const regular = 0o100755
  const isLike = found && (found.mode & (PERMISSIONS | 0o170000)) === regular && Number(found.size) === size
  return Boolean(isLike) && checksumOf(path) === checksum
}

function linkChanges(directory: string): Change[] {
  const missing = pluginNames().filter((name) => readIfLink(`${directory}/${name}`) !== executable)
  return missing.map((name) => placeLink(`${directory}/${name}`, executable, `${ownFolder(directory)}/link`))
}

const readIfLink = (path: string) => (lstat(path) ? readLink(path) : undefined)

/** Links of plugins that the version before had, and this one has not. */
function obsolete(directory: string, before: Manifest): Change[] {
  const now = pluginNames()
  const gone = before.names.filter((name) => !now.includes(name))
  const ours = gone.filter((name) => readIfLink(`${directory}/${name}`) === executable)
  return ours.map((name) => undoLink(directory, name))
}

/** Takes our link away: the plugin that was there before comes back, if it was kept. */
export function undoLink(directory: string, name: string): Change {
  const isKept = lstat(`${replacedFolder(directory)}/${name}`) !== undefined
  return isKept ? putBack(directory, name) : removal(`${directory}/${name}`)
}

/** Links of netavark's drivers. Their target is relative, so it is right for the host, too, when a container installs. */
function driverChanges(netavark: string, directory: string): Change[] {
  const target = relativePath(netavark, `${directory}/${executable}`)
  const names = driverNames
  const isOurs = (path: string) => readIfLink(path)?.endsWith(`/${executable}`)
  const foreign = names.filter((name) => lstat(`${netavark}/${name}`) && !isOurs(`${netavark}/${name}`))
  if (foreign.length > 0) throw foreignDrivers(netavark, foreign)
  const missing = names.filter((name) => readIfLink(`${netavark}/${name}`) !== target)
  const links = missing.map((name) => placeLink(`${netavark}/${name}`, target, `${netavark}/.patchbay-link`))
  return stat(netavark) ? links : [newDirectory(netavark), ...links]
}

function foreignDrivers(netavark: string, names: readonly string[]): CniError {
  return new CniError(Code.IoFailure, {
    msg: `${netavark} has drivers of another program under names of ours; nothing was changed`,
    details: `drivers: ${names.join(', ')}`,
    hint: 'move them away, or choose another directory: --netavark=DIR',
  })
}

function manifestChange(wanted: Wanted, before: Manifest | undefined, foreign: readonly string[]): Change[] {
  const { directory, source, netavark, agent } = wanted
  const kept = readDirectoryIfAny(replacedFolder(directory)).map(({ name }) => name)
  const { version, engine, size, checksum } = source
  const manifest: Manifest = {
    ...{ manifest: 1, version, engine, architecture, size, checksum, names: pluginNames() },
    replaced: [...new Set([...kept, ...foreign])].sort(),
    agent: agentEntry(directory, agent, engine, before),
    netavark: netavark === undefined ? before?.netavark : { directory: netavark, names: [...driverNames] },
  }
  if (before && textOf(before) === textOf(manifest)) return []
  return [{ says: `write ${manifestPath(directory)}`, make: () => writeManifest(directory, manifest) }]
}
