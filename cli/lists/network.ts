/** Reads a file as libcni or podman does: a list, a single plugin, or a network of podman. */

import { negotiate } from '../../shared/cni/negotiate.ts'
import { isObject, parseObject } from '../../shared/config/json.ts'
import { locate } from '../../shared/config/locate.ts'
import { isIdentifier, networkName } from '../../shared/config/names.ts'
import { anything } from '../../shared/config/schema.ts'
import { inWords, judge, unknownKeysIn } from '../../shared/config/unknown.ts'
import { error, type Fault, faultOf, faultsOf, type Source, warning } from './finding.ts'
import { spotsIn } from './spots.ts'

type Raw = Record<string, unknown>

/** One plugin, with the configuration that a runtime hands to it. */
export interface Member {
  type: string
  raw: Raw
  /** Its path in the file; empty for a single plugin. */
  path: string
}

export interface Network {
  source: Source
  kind: 'list' | 'plugin' | 'podman'
  name: string
  cniVersion: string
  whole: Raw
  members: Member[]
}

/** What a file has, as far as it can be read. */
export interface Read {
  network?: Network
  faults: Fault[]
}

export function readNetworkFile(source: Source): Read {
  const { whole, fault } = parsed(source)
  if (!whole) return { faults: fault ? [fault] : [] }
  source.spots = spotsIn(source.text)
  const repeated = source.spots.repeated.map(({ path, offset }) => ({ ...warning(twice(path)), offset }))
  const kind = kindOf(whole)
  const read = kind === 'podman' ? podmanNetwork(source, whole) : cniNetwork(source, whole, kind)
  return { ...read, faults: [...repeated, ...read.faults] }
}

const twice = (path: string) => `key twice in one object: ${path}; the first one has no effect`

function parsed({ text }: Source): { whole?: Raw; fault?: Fault } {
  try {
    return { whole: parseObject(text, 'network config') }
  } catch (cause) {
    const fault = locate(text)
    if (!fault) return { fault: faultOf(cause) }
    const hint = 'RFC 8259: no comments, no comma after the last item'
    const msg = `error unmarshall network config: ${fault.reason}`
    return { fault: { ...error(msg, hint), offset: fault.offset } }
  }
}

function kindOf({ type, driver, plugins }: Raw): Network['kind'] {
  if (typeof driver === 'string' && type === undefined && plugins === undefined) return 'podman'
  return plugins === undefined && typeof type === 'string' ? 'plugin' : 'list'
}

function podmanNetwork(source: Source, whole: Raw): Read {
  const name = typeof whole.name === 'string' ? whole.name : ''
  const members = [{ type: String(whole.driver), raw: whole, path: '' }]
  return { network: { source, kind: 'podman', name, cniVersion: '1.1.0', whole, members }, faults: [] }
}

function cniNetwork(source: Source, whole: Raw, kind: 'list' | 'plugin'): Read {
  const { cniVersion = '0.1.0' } = whole
  const faults = [...faultsOfName(whole), ...faultsOfVersion(whole), ...faultsOfEnding(source, kind)]
  if (kind === 'list') faults.push(...faultsOfList(whole))
  const name = typeof whole.name === 'string' && isIdentifier(whole.name) ? whole.name : ''
  const members = kind === 'list' ? membersOf(whole, name) : [memberOf(whole, name, cniVersion, '')]
  const network = { source, kind, name, cniVersion: String(cniVersion).slice(0, 60), whole, members }
  return { network, faults }
}

function membersOf({ plugins, cniVersion }: Raw, name: string): Member[] {
  const all = Array.isArray(plugins) ? plugins : []
  return all.flatMap((plugin, at) =>
    isObject(plugin) ? [memberOf(plugin, name, cniVersion, `plugins[${at}]`)] : [],
  )
}

/** libcni puts the list's name and version in. A name that is at fault has its own finding. */
function memberOf(plugin: Raw, name: string, cniVersion: unknown, path: string): Member {
  const version = typeof cniVersion === 'string' && { cniVersion }
  const { cniVersion: _, ...rest } = plugin
  const type = typeof plugin.type === 'string' ? plugin.type : ''
  return { type, raw: { ...rest, name: name || 'network', ...version }, path }
}

function faultsOfName(whole: Raw): Fault[] {
  try {
    networkName(whole)
    return []
  } catch (cause) {
    return faultsOf(cause).map((fault) => ({ ...fault, path: 'name' }))
  }
}

function faultsOfVersion(whole: Raw): Fault[] {
  if (whole.cniVersion === undefined)
    return [
      warning(
        'cniVersion is missing: 0.1.0 counts, whose result has one address of each family and no interfaces, and which has no CHECK',
        'write "cniVersion": "1.0.0"',
      ),
    ]
  try {
    negotiate('ADD', whole)
    return []
  } catch (cause) {
    return faultsOf(cause).map((fault) => ({ ...fault, path: 'cniVersion' }))
  }
}

/** Runtimes read a list from a file whose name ends in `.conflist`, and a single plugin from others. */
function faultsOfEnding({ file }: Source, kind: 'list' | 'plugin'): Fault[] {
  const isNamedList = file.endsWith('.conflist')
  if (kind === 'list' && /\.(conf|json)$/.test(file))
    return [
      error(
        'a list in a file that ends in .conf or .json: runtimes look for type in it, and refuse it',
        'rename it to .conflist',
      ),
    ]
  if (kind === 'plugin' && isNamedList)
    return [
      error(
        'a single plugin in a file that ends in .conflist: it must have the list plugins',
        'put it into "plugins": […], or rename the file to .conf',
      ),
    ]
  return []
}

/** The keys of a list (libcni, NetworkConfigList). */
const listKeys = {
  cniVersion: anything,
  cniVersions: anything,
  name: anything,
  disableCheck: anything,
  disableGC: anything,
  loadOnlyInlinedPlugins: anything,
  plugins: anything,
}

/** What libcni refuses of a list, and what it does not read. */
function faultsOfList(whole: Raw): Fault[] {
  const unknown = judge(unknownKeysIn(listKeys, whole), new Map())
  return [
    ...unknown.map((key) => ({
      ...warning(
        `key without effect in a list: ${inWords(key)}`,
        'keys of a plugin are written in its object of "plugins"',
      ),
      path: String(key.path[0]),
    })),
    ...faultsOfPlugins(whole),
    ...['disableCheck', 'disableGC', 'loadOnlyInlinedPlugins'].flatMap((key) => faultOfSwitch(whole, key)),
    ...faultsOfVersions(whole),
  ]
}

function faultsOfPlugins({ plugins }: Raw): Fault[] {
  const hint = 'write "plugins": [{"type": "bridge", …}]'
  if (plugins === undefined)
    return [error('plugins is missing, and so is type: it is neither a list nor a plugin', hint)]
  if (!Array.isArray(plugins))
    return [{ ...error('plugins must be a list of objects', hint), path: 'plugins' }]
  if (plugins.length === 0)
    return [{ ...error('plugins is empty: a list has at least one plugin', hint), path: 'plugins' }]
  return plugins.flatMap((plugin, at) => faultsOfPlugin(plugin, `plugins[${at}]`))
}

function faultsOfPlugin(plugin: unknown, path: string): Fault[] {
  if (!isObject(plugin)) return [{ ...error(`${path} must be an object`), path }]
  const { type } = plugin
  if (typeof type !== 'string' || type === '')
    return [{ ...error(`${path}.type is missing: it names the plugin`, 'write "type": "bridge"'), path }]
  return ['name', 'cniVersion']
    .filter((key) => plugin[key] !== undefined)
    .map((key) => ({
      ...warning(`key without effect here: ${key}: the runtime puts the list's in its place`, 'remove it'),
      path: `${path}.${key}`,
    }))
}

/** libcni takes true, false, and these words as text. */
function faultOfSwitch(whole: Raw, key: string): Fault[] {
  const value = whole[key]
  if (value === undefined || typeof value === 'boolean' || /^(true|false)$/i.test(String(value))) return []
  return [{ ...error(`${key} must be true or false`), path: key }]
}

function faultsOfVersions({ cniVersions: given }: Raw): Fault[] {
  const isList = Array.isArray(given) && given.every((one) => typeof one === 'string')
  if (given === undefined || isList) return []
  return [{ ...error('cniVersions must be a list of versions such as "1.0.0"'), path: 'cniVersions' }]
}
