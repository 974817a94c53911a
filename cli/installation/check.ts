/** What differs from the manifest: each link, the executable's bytes and mode, its processor, the drivers of netavark. */

import { architecture, environment } from '#engine'
import { readLink } from '../../shared/kernel/files.ts'
import { lstat, stat } from '../../shared/kernel/stat.ts'
import { version } from '../../shared/version.ts'
import { faultsOfAgent } from './agent.ts'
import { checksumOf } from './checksum.ts'
import { type Manifest, manifestPath, readManifest } from './manifest.ts'
import { ownerOf } from './owner.ts'
import { executable, pluginNames, realPath, relativePath } from './places.ts'
import { machineOf } from './source.ts'

/** The findings, one line each; none when all is well. */
export function findings(directory: string): string[] {
  if (!stat(directory)) return [`${directory}: there is no such directory; patchbay install makes it`]
  const manifest = readManifest(directory)
  if (!manifest) return [`${manifestPath(directory)}: missing or damaged; patchbay install writes it anew`]
  return [
    ...faultsOfExecutable(directory, manifest),
    ...faultsOfVersion(directory, manifest),
    ...manifest.names.flatMap((name) => faultOfName(directory, name)),
    ...manifest.names.flatMap((name) => shadowing(directory, name)),
    ...(manifest.agent ? faultsOfAgent(directory, manifest.agent, manifest) : []),
    ...(manifest.netavark ? faultsOfDrivers(directory, manifest.netavark) : []),
  ]
}

function faultsOfExecutable(directory: string, manifest: Manifest): string[] {
  const path = `${directory}/${executable}`
  const found = stat(path)
  if (!found) return [`${path}: missing`]
  const machine = machineOf(path)
  return [
    (found.mode & 0o111) !== 0o111 &&
      `${path}: not executable for all, mode ${(found.mode & 0o7777).toString(8)}`,
    machine !== architecture && `${path}: for ${machine}, this machine is ${architecture}`,
    checksumOf(path) !== manifest.checksum && `${path}: its bytes differ from those that were installed`,
  ].filter((line): line is string => typeof line === 'string')
}

/** The version counts when another executable checks; the one that is installed has its own. */
function faultsOfVersion(directory: string, manifest: Manifest): string[] {
  const faults = manifest.version === version ? [] : [`version ${manifest.version}, this one is ${version}`]
  const missing = pluginNames().filter((name) => !manifest.names.includes(name))
  if (missing.length > 0) faults.push(`not installed: ${missing.join(', ')}`)
  return faults.map((fault) => `${directory}: ${fault}`)
}

function faultOfName(directory: string, name: string): string[] {
  const owner = ownerOf(directory, name)
  const path = `${directory}/${name}`
  if (owner === 'absent') return [`${path}: missing`]
  return owner === 'ours' ? [] : [`${path}: another program's, not a link to ${executable}`]
}

/** A runtime takes the first file of a name in CNI_PATH. */
function shadowing(directory: string, name: string): string[] {
  const path = (environment().CNI_PATH ?? '').split(':').filter((entry) => entry !== '' && stat(entry))
  const real = path.map(realPath)
  const before = real.slice(0, Math.max(real.indexOf(directory), 0))
  const first = before.find((entry) => stat(`${entry}/${name}`))
  return first ? [`${directory}/${name}: ${first}/${name} is before it in CNI_PATH`] : []
}

function faultsOfDrivers(
  directory: string,
  { directory: netavark, names }: NonNullable<Manifest['netavark']>,
): string[] {
  const target = relativePath(netavark, `${directory}/${executable}`)
  const wrong = names.filter((name) => {
    const path = `${netavark}/${name}`
    return !lstat(path) || readLink(path) !== target
  })
  return wrong.map((name) => `${netavark}/${name}: not a link to ${target}`)
}
