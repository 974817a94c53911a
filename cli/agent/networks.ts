/** Which networks of this host's configurations use a store, and which store that is. */

import * as z from 'zod/mini'
import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject, parseObject } from '../../shared/config/json.ts'
import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { type StoreConfig, store } from '../../shared/store/config.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { type Configured, configurationFiles, readConfiguration } from '../host/networks.ts'
import type { AgentNetwork } from './part.ts'

type Raw = Record<string, unknown>

/** A network, with the settings of the store that it uses. */
export interface Found {
  network: AgentNetwork
  store: StoreConfig
}

/** Reads the configurations of directories, or of single files. What cannot be read is told, and left out. */
export function readNetworks(paths: readonly string[], file: string, leftOut: LeftOut): Found[] {
  const [common] = trying(file, readStoreFile, leftOut)
  const files = paths.flatMap((path) => trying(path, filesIn, leftOut))
  const configured = files.flatMap((path) => trying(path, readConfiguration, leftOut))
  return networksOf(configured, common, leftOut)
}

/** A directory that is not there has no networks yet. */
function filesIn(path: string): string[] {
  return tolerate(() => configurationFiles(path), 'ENOENT') ?? []
}

/** The settings in a file, /etc/patchbay/store.json; none without one. @throws CniError, KernelError */
function readStoreFile(file: string): StoreConfig[] {
  const text = tolerate(() => readRegular(file), 'ENOENT', 'ENOTDIR')
  return text === undefined ? [] : [settingsIn(parseObject(text, 'store settings'))]
}

/** @throws an error that names the key */
function settingsIn(raw: unknown): StoreConfig {
  const settings = z.parse(store, raw)
  if (settings.endpoints.length > 0) return settings
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'endpoints must name a member of etcd',
    hint: 'write "endpoints": ["https://192.0.2.1:2379"]',
  })
}

/**
 * The networks that use a store. A network whose addresses and peers are in different stores is there twice.
 * @param common the settings of those that have none of their own
 */
export function networksOf(
  configured: readonly Configured[],
  common: StoreConfig | undefined,
  leftOut: LeftOut,
): Found[] {
  return configured.flatMap((one) =>
    usesOf(one).flatMap(({ section, ...use }) => {
      const settings = settingsOf(section, common, one.file, leftOut)
      const network = { name: one.network, plugin: one.type, raw: one.raw, ...use }
      return settings ? [{ network, store: settings }] : []
    }),
  )
}

/** What a network uses a store for, and its own settings of it. */
type Use = Pick<AgentNetwork, 'pool' | 'peers'> & { section: unknown }

function usesOf({ type, raw }: Configured): Use[] {
  const pool = poolIn(raw.ipam)
  const addresses: Use[] = pool ? [{ pool, peers: false, section: pool.store }] : []
  const isPeer = nameWithin(type, ['vxlan']) !== undefined && raw.peers === 'store'
  if (!isPeer) return addresses
  const [first] = addresses
  if (first && JSON.stringify(first.section) === JSON.stringify(raw.store)) return [{ ...first, peers: true }]
  return [...addresses, { peers: true, section: raw.store }]
}

/** The section of type pool: `ipam` itself, or one in an ipam-list. */
function poolIn(ipam: unknown): Raw | undefined {
  if (!isObject(ipam) || typeof ipam.type !== 'string') return undefined
  if (isPool(ipam.type)) return ipam
  const parts =
    nameWithin(ipam.type, ipams) === 'ipam-list' && Array.isArray(ipam.list) ? ipam.list.filter(isObject) : []
  return parts.find(({ type }) => typeof type === 'string' && isPool(type))
}

/** Our own IPAM plugins: of several within a name the longest counts. */
const ipams = ['host-local', 'ipam-list', 'pool', 'static']

const isPool = (type: string) => nameWithin(type, ipams) === 'pool'

function settingsOf(
  section: unknown,
  common: StoreConfig | undefined,
  file: string,
  leftOut: LeftOut,
): StoreConfig | undefined {
  if (section === undefined && !common)
    leftOut(file, 'it has no section store, and there is no /etc/patchbay/store.json')
  if (section === undefined) return common
  try {
    return settingsIn(section)
  } catch (error) {
    leftOut(file, `its section store: ${reasonOf(error)}`)
    return undefined
  }
}

/** The first fault of a value: `endpoints: must be a list`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof z.core.$ZodError)) return toCniError(error).message
  const [issue] = error.issues
  return `${issue?.path.join('.') ?? ''} must be ${issue?.message ?? 'otherwise'}`.trim()
}
