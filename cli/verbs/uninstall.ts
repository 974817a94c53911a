/** `patchbay uninstall`: takes the links and the executable away, and puts back the plugins that `install --replace` took away. */

import { readDirectoryIfAny, readLink, removeDirectory } from '../../shared/kernel/files.ts'
import { lstat, stat } from '../../shared/kernel/stat.ts'
import { misuse } from '../form/arguments.ts'
import { lastOf, type Output, type Status, type Verb } from '../form/verb.ts'
import { agentRemoval } from '../installation/agent.ts'
import { type Change, putBack, removal } from '../installation/change.ts'
import { changeAlone } from '../installation/change-alone.ts'
import { type Manifest, manifestPath, readManifest } from '../installation/manifest.ts'
import { ownerOf, ownerOfExecutable } from '../installation/owner.ts'
import {
  absolutePath,
  executable,
  ownFolder,
  pluginNames,
  relativePath,
  replacedFolder,
} from '../installation/places.ts'
import { undoLink } from '../installation/plan.ts'

const standard = '/opt/cni/bin'

export const uninstall: Verb = {
  summary: 'removes what install has installed, and puts back the plugins that it replaced',
  flags: {
    '--from': {
      takes: 'one',
      value: 'DIR',
      names: 'directory',
      means: `Where the plugins are. Default: ${standard}.`,
    },
    '--to': { takes: 'one', value: 'DIR', names: 'directory', means: 'The same as --from.' },
    '--dry-run': { takes: 'none', means: 'Say what would be done, and do nothing.' },
  },
  example: { call: 'uninstall --dry-run', does: 'what would be removed?' },
  run({ flags, ...output }) {
    if (flags.has('--from') && flags.has('--to')) throw misuse('--from and --to mean the same: give one')
    const directory = absolutePath(lastOf(flags, '--from') ?? lastOf(flags, '--to') ?? standard)
    if (!stat(directory)) return nothing(directory, output)
    if (flags.has('--dry-run')) {
      for (const { says } of planUninstall(directory)) output.out(`would ${says}`)
      return 0
    }
    const changes = changeAlone(directory, () => planUninstall(directory), output)
    return changes > 0 ? farewell(directory, output) : nothing(directory, output)
  },
}

function nothing(directory: string, { out }: Output): Status {
  out(`${directory}: nothing is installed`)
  return 0
}

/** The changes: links first, so that none leads nowhere; the manifest last, so that an interrupted removal can be repeated. */
function planUninstall(directory: string): Change[] {
  const manifest = readManifest(directory)
  const names = [...new Set([...(manifest?.names ?? []), ...pluginNames()])].sort()
  const ours = names.filter((name) => ownerOf(directory, name) === 'ours')
  const changes = [
    ...(manifest?.netavark ? drivers(directory, manifest.netavark) : []),
    ...ours.map((name) => undoLink(directory, name)),
    ...strays(directory, names),
    ...agentRemoval(directory),
    ...(ownerOfExecutable(directory) === 'ours' && isWholly(manifest, ours)
      ? [undoLink(directory, executable)]
      : []),
    ...(stat(manifestPath(directory)) ? [removal(manifestPath(directory))] : []),
  ]
  const folder = ownFolder(directory)
  return stat(folder) ? [...changes, removalOfFolder(directory, folder)] : changes
}

/** An executable alone, without manifest or links, may be one that the operator keeps. */
const isWholly = (manifest: Manifest | undefined, ours: readonly string[]) =>
  manifest !== undefined || ours.length > 0

/** Kept plugins whose name is free: their link was removed by hand. */
function strays(directory: string, names: readonly string[]): Change[] {
  const kept = readDirectoryIfAny(replacedFolder(directory)).map(({ name }) => name)
  const isFree = (name: string) => names.includes(name) && !lstat(`${directory}/${name}`)
  return kept.filter(isFree).map((name) => putBack(directory, name))
}

function drivers(directory: string, found: NonNullable<Manifest['netavark']>): Change[] {
  const target = relativePath(found.directory, `${directory}/${executable}`)
  const paths = found.names.map((name) => `${found.directory}/${name}`)
  return paths.filter((path) => lstat(path) && readLink(path) === target).map(removal)
}

function removalOfFolder(directory: string, folder: string): Change {
  const make = () => {
    for (const { name } of readDirectoryIfAny(folder))
      if (name !== 'replaced') removal(`${folder}/${name}`).make()
    removeDirectory(replacedFolder(directory))
    removeDirectory(folder)
  }
  return { says: `remove ${folder}`, make }
}

function farewell(directory: string, { out }: Output): Status {
  const kept = readDirectoryIfAny(replacedFolder(directory)).map(({ name }) => name)
  if (kept.length > 0)
    out(`stays: ${replacedFolder(directory)} with ${kept.join(', ')}: other files have their names`)
  out(
    'stays: /etc/cni/net.d, the state of attachments in /run/patchbay and /var/lib/cni, and interfaces of running containers',
  )
  out(`${directory}: patchbay is removed`)
  return 0
}
