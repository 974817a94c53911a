/** What programs have on this host: configurations, caches, records, addresses, versions, plugins, logs. */

import { files as logFiles, readSettings } from '../../shared/call-log/settings.ts'
import { isObject, jsonIn } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { journalDirectory } from '../../shared/ipam/dhcp/journal.ts'
import { heldIn } from '../../shared/ipam/host-local/holders.ts'
import { readDirectoryIfAny, readLink } from '../../shared/kernel/files.ts'
import { isKind, Kind, lstat } from '../../shared/kernel/stat.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { version } from '../../shared/version.ts'
import { networksBelow } from '../host/addresses.ts'
import { decodeBase64 } from '../host/base64.ts'
import { readCaches } from '../host/caches.ts'
import { readConfigurations } from '../host/configurations.ts'
import { dataDirsOf } from '../host/data-dirs.ts'
import { directories } from '../host/executable.ts'
import { holdingFiles, hostFile } from '../host/holdings.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { versionOfProgram } from '../host/program-version.ts'
import { programNamed } from '../host/runtimes.ts'
import { readLease } from './lease.ts'
import { content, json, type Part } from './part.ts'
import { readBounded, readRecord, tree } from './read.ts'

export function hostParts(leftOut: LeftOut): Part[] {
  const caches = trying('/var/lib/cni', cacheParts, leftOut)
  return [
    json('versions.json', 'patchbay version; uname -a', versions),
    json('plugins.json', 'ls -l /opt/cni/bin', plugins),
    ...filesOfEtc.filter((name) => lstat(`/etc/${name}`)).map(fileOfEtc),
    ...configurations(leftOut),
    ...trying(stateDirectory, (path) => tree(path, 'records', leftOut, readOwn), leftOut),
    ...caches,
    ...addressParts(leftOut),
    ...poolParts(leftOut),
    ...logs(leftOut),
  ]
}

const readOwn = (file: string) => (file.startsWith(journalDirectory) ? readLease(file) : readRecord(file))

function configurations(leftOut: LeftOut): Part[] {
  const roots = ['cni/net.d', 'cni/tuning', 'containers/networks', 'cni/multus']
  return roots.flatMap((root) =>
    trying(`/etc/${root}`, (path) => tree(path, `etc/${root}`, leftOut), leftOut),
  )
}

const filesOfEtc = [
  'os-release',
  'patchbay/log.json',
  'patchbay/store.json',
  'containers/containers.conf',
  'resolv.conf',
]

/** These are symlinks on some hosts. */
function fileOfEtc(name: string): Part {
  return {
    name: `etc/${name}`,
    source: `/etc/${name}`,
    read: () => readBounded(`/etc/${name}`, 'first', true),
  }
}

/** Of caches of libcni the entries. Their configuration is in base64, where no secret could be masked. */
function cacheParts(home: string): Part[] {
  const folders = readDirectoryIfAny(home).filter(({ name, directory }) => directory && name !== 'networks')
  return folders.flatMap(({ name }) => {
    const results = name === 'results' ? `${home}/results` : `${home}/${name}/results`
    return entriesIn(results).map((file) => ({
      name: `caches/${name}/${file}`,
      source: `${results}/${file}`,
      read: () => cacheEntry(`${results}/${file}`),
    }))
  })
}

const mostEntries = 2000

const entriesIn = (directory: string) =>
  readDirectoryIfAny(directory)
    .filter((one) => !one.directory)
    .map(({ name }) => name)
    .sort()
    .slice(0, mostEntries)

function cacheEntry(path: string) {
  const { text, cut } = readBounded(path)
  const entry = cut ? undefined : jsonIn(text)
  if (!isObject(entry))
    throw new CniError(Code.DecodingFailure, {
      msg: 'it is no entry of libcni, so its secrets are not known',
    })
  const config = typeof entry.config === 'string' ? jsonIn(decodeBase64(entry.config)?.toString()) : undefined
  return content(JSON.stringify({ ...entry, config: config ?? 'not JSON' }))
}

function dataDirs(leftOut: LeftOut): string[] {
  const ignored = () => {}
  const named = () => dataDirsOf(readConfigurations(readCaches(ignored), ignored))
  return trying('/var/lib/cni/results', named, leftOut)
}

/** What networks hold of pools, and who this host is: no secrets are in these files. */
function poolParts(leftOut: LeftOut): Part[] {
  const file = (name: string, path: string): Part => ({
    ...{ name: `pools/${name}`, source: path },
    read: () => readBounded(path),
  })
  return [
    ...dataDirs(leftOut).flatMap((dataDir) =>
      holdingFiles(dataDir, leftOut).map((path) => file(path.slice(path.lastIndexOf('/') + 1), path)),
    ),
    ...(lstat(hostFile) ? [file('host.json', hostFile)] : []),
  ]
}

/** The addresses of host-local, a file for each network. */
function addressParts(leftOut: LeftOut): Part[] {
  return dataDirs(leftOut).flatMap((dataDir) =>
    trying(dataDir, networksBelow, leftOut).map((name) =>
      json(`addresses/${name}.json`, `${dataDir}/${name}`, () => heldIn(`${dataDir}/${name}`)),
    ),
  )
}

function logs(leftOut: LeftOut): Part[] {
  const { directory } = readSettings()
  const isLog = (name: string) => Object.values(logFiles).some((file) => name.startsWith(file))
  return trying(directory, (path) => readDirectoryIfAny(path), leftOut)
    .filter((entry) => !entry.directory && isLog(entry.name))
    .map(({ name }) => ({
      name: `logs/${name}`,
      source: `${directory}/${name}`,
      read: () => readBounded(`${directory}/${name}`, 'last'),
    }))
}

/** Programs that call plugins, or that change what they make. */
const programs = [
  'containerd',
  'crio',
  'kubelet',
  'podman',
  'nerdctl',
  'dockerd',
  'nft',
  'iptables',
  'ip',
  'firewalld',
]

function versions(): unknown {
  const found = programs.flatMap((name) => {
    const path = programNamed(name)
    return path ? [{ name, path, version: versionOfProgram(path) }] : []
  })
  const kernel = (name: string) => readBounded(`/proc/${name}`).text.trim()
  return {
    patchbay: version,
    kernel: kernel('version'),
    uptime: kernel('uptime'),
    boot: kernel('sys/kernel/random/boot_id'),
    programs: found,
  }
}

/** The files in the directories where runtimes look for plugins. */
function plugins(): unknown {
  return [...new Set(directories())].map((directory) => ({
    directory,
    files: readDirectoryIfAny(directory)
      .slice(0, 500)
      .map(({ name }) => pluginFile(`${directory}/${name}`, name)),
  }))
}

function pluginFile(path: string, name: string): object {
  const found = lstat(path)
  if (!found) return { name }
  const link = isKind(found, Kind.SYMLINK) ? readLink(path) : undefined
  const time = new Date(Number(found.mtime / 1_000_000n)).toISOString()
  return { name, mode: (found.mode & 0o7777).toString(8), size: Number(found.size), changed: time, link }
}
