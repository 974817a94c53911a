/** `patchbay-agent` beside the plugins: the Node executable, which the QuickJS one runs for etcd. With the engine node it is a link. */

import { architecture } from '#engine'
import { CniError, Code } from '../../shared/error/error.ts'
import { readLink } from '../../shared/kernel/files.ts'
import { isKind, Kind, lstat } from '../../shared/kernel/stat.ts'
import { agentName } from '../../shared/store/agent-program.ts'
import { type Change, placeExecutable, placeLink, removal } from './change.ts'
import { checksumOf } from './checksum.ts'
import type { Manifest } from './manifest.ts'
import { executable, ownFolder } from './places.ts'
import { machineOf, type Source } from './source.ts'

type Installed = NonNullable<Manifest['agent']>

const pathIn = (directory: string) => `${directory}/${agentName}`

/** What the manifest has of it. @param before what the one before had */
export function agentEntry(
  directory: string,
  source: Source | undefined,
  main: Source['engine'],
  before: Manifest | undefined,
): Installed | undefined {
  if (source) return { version: source.version, size: source.size, checksum: source.checksum }
  return main === 'quickjs' && linkOf(pathIn(directory)) === executable ? undefined : before?.agent
}

/**
 * @param source undefined when it is not asked for: then only a link goes that would lead to the other engine
 * @param main the engine of the executable beside it
 * @throws CniError for another program of that name
 */
export function agentChanges(
  directory: string,
  source: Source | undefined,
  main: Source['engine'],
): Change[] {
  const path = pathIn(directory)
  if (!source) return main === 'quickjs' && linkOf(path) === executable ? [removal(path)] : []
  if (lstat(path) && !isOurs(directory)) throw foreign(path)
  if (main === 'node')
    return linkOf(path) === executable ? [] : [placeLink(path, executable, `${ownFolder(directory)}/link`)]
  const found = lstat(path)
  const isSame = found && isKind(found, Kind.REGULAR) && found.size === BigInt(source.size)
  if (isSame && (found.mode & 0o7777) === 0o755 && checksumOf(path) === source.checksum) return []
  const says = `write ${path}: version ${source.version}, engine node, ${source.size} bytes`
  return [placeExecutable(directory, source.path, path, says)]
}

/** Its removal, if it is there and ours. */
export function agentRemoval(directory: string): Change[] {
  return lstat(pathIn(directory)) && isOurs(directory) ? [removal(pathIn(directory))] : []
}

/** What differs from the manifest, one line each. @param version of the executable beside it */
export function faultsOfAgent(directory: string, agent: Installed, { version, engine }: Manifest): string[] {
  const path = pathIn(directory)
  const found = lstat(path)
  if (!found) return [`${path}: missing; patchbay install --agent`]
  if (isKind(found, Kind.SYMLINK))
    return engine === 'node' && readLink(path) === executable ? [] : [`${path}: a link, not the program`]
  const machine = machineOf(path)
  return [
    (found.mode & 0o111) !== 0o111 && `${path}: not executable for all`,
    machine !== architecture && `${path}: for ${machine}, this machine is ${architecture}`,
    checksumOf(path) !== agent.checksum && `${path}: its bytes differ from those that were installed`,
    agent.version !== version &&
      `${path}: version ${agent.version}, ${executable} has ${version}; patchbay install --agent`,
  ].filter((line): line is string => typeof line === 'string')
}

const linkOf = (path: string) => (lstat(path) ? readLink(path) : undefined)

/** Our link, or an executable in a directory in which an install has begun. */
function isOurs(directory: string): boolean {
  const path = pathIn(directory)
  const found = lstat(path)
  if (!found) return false
  if (isKind(found, Kind.SYMLINK)) return readLink(path) === executable
  const isProgram = isKind(found, Kind.REGULAR) && machineOf(path) !== 'no executable'
  return isProgram && lstat(ownFolder(directory)) !== undefined
}

function foreign(path: string): CniError {
  return new CniError(Code.IoFailure, {
    msg: `${path} is another program's, or of another installation; nothing was changed`,
    hint: 'move it away, then install again',
  })
}
