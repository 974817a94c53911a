/** The list of plugins that a network's name means, found as libcni and cnitool find it. */

import { environment } from '#engine'
import type { Registry } from '../../shared/cni/plugin.ts'
import { isObject, parseObject } from '../../shared/config/json.ts'
import { networkName } from '../../shared/config/names.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { misuse } from '../form/arguments.ts'
import { didYouMean, quoted } from '../form/slip.ts'
import { versionOf } from '../host/chain.ts'
import { readPodmanNetworks } from '../host/configurations.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { configurationFiles } from '../host/networks.ts'
import { podmanList } from './podman-list.ts'

type Raw = Record<string, unknown>

/** A list as a runtime uses it. */
export interface List {
  network: string
  file: string
  /** The list itself, as libcni's cache keeps it. */
  text: string
  cniVersion: string
  /** CHECK is not called (spec section "Network configuration format"). */
  disableCheck: boolean
  plugins: Raw[]
  /** Capabilities whose values the list has in it already, as the addresses of a network of podman. */
  filled?: readonly string[]
}

/** What the search needs to know besides the name. */
export interface Search {
  registry: Registry
  leftOut: LeftOut
  /** The addresses that a network of podman is to give: podman allocates them itself. */
  ips?: readonly string[]
}

/** The directory in which cnitool and runtimes look. */
export function listDirectory(): string {
  return environment().NETCONFPATH || '/etc/cni/net.d'
}

/**
 * Finds a network's list: a file's path has a slash; a name is looked for in the directory, where a list comes before a single configuration, and
 * then among podman's networks.
 * @throws CniError when there is none
 */
export async function findList(word: string, search: Search): Promise<List> {
  if (word.includes('/')) return readList(word)
  const directory = listDirectory()
  const files = trying(directory, filesIfAny, search.leftOut)
  const isList = (file: string) => file.endsWith('.conflist')
  const lists = [...files.filter(isList), ...files.filter((file) => !isList(file))].flatMap((file) =>
    trying(file, (path) => [readList(path)], search.leftOut),
  )
  const found = lists.find(({ network }) => network === word)
  if (found) return found
  const podman = readPodmanNetworks(search.leftOut)
  const own = podman.find(({ name }) => name === word)
  if (own) return podmanListOf(own, search)
  throw notFound(word, [...lists.map(({ network }) => network), ...podman.map(({ name }) => String(name))])
}

async function podmanListOf(network: Raw, { registry, ips }: Search): Promise<List> {
  const { list, file } = await podmanList(network, registry, ips)
  return { ...listOf(list, JSON.stringify(list), file), filled: ['ips'] }
}

function filesIfAny(directory: string): string[] {
  return readDirectoryIfAny(directory).length > 0 ? configurationFiles(directory) : []
}

function notFound(word: string, known: readonly string[]): CniError {
  const hint = `the networks are ${[...new Set(known)].sort().join(', ') || 'none'}; a file is named with its path: ./NAME.conflist`
  return misuse(`no network ${quoted(word)}${didYouMean(word, known)}`, hint)
}

/** Reads a file, which is a list or a single configuration. @throws CniError, KernelError */
export function readList(file: string): List {
  const text = readRegular(file)
  const whole = parseObject(text, 'network config')
  if (whole.plugins !== undefined) return listOf(whole, text, file)
  // As libcni makes a list of it.
  const list = { name: whole.name, cniVersion: versionOf(whole), plugins: [whole] }
  return listOf(list, JSON.stringify(list), file)
}

/** @param text the list as the cache is to keep it */
export function listOf(whole: Raw, text: string, file: string): List {
  const { plugins, disableCheck } = whole
  const network = networkName(whole)
  if (!Array.isArray(plugins) || plugins.length === 0 || !plugins.every(hasType))
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: 'plugins must be a list of objects with a type',
      hint: 'write "plugins": [{"type": …}, …]',
      path: file,
    })
  return { network, file, text, cniVersion: versionOf(whole), disableCheck: disableCheck === true, plugins }
}

function hasType(plugin: unknown): plugin is Raw {
  return isObject(plugin) && typeof plugin.type === 'string' && plugin.type !== ''
}
