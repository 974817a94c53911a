/** Which networks of this host's configurations use a store, and which store that is. */

import * as z from 'zod/mini'
import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject } from '../../shared/config/json.ts'
import { object, optional, path } from '../../shared/config/schema.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readStoreFile, type StoreSettings, settingsIn } from '../../shared/store/settings.ts'
import { poolName } from '../../shared/store/words.ts'
import { type LeftOut, trying } from '../host/left-out.ts'
import { type Configured, configurationFiles, readConfiguration } from '../host/networks.ts'
import type { AgentNetwork } from './part.ts'
import { wrongOf } from './states.ts'

type Raw = Record<string, unknown>

/** A network, with the settings of the store that it uses. */
export interface Found {
  network: AgentNetwork
  store: StoreSettings
}

/** The settings of networks that have none of their own; without them what is to be said, unless it is said already. */
export interface Common {
  store?: StoreSettings | undefined
  lack?: string
}

/** Reads the configurations of directories, or of single files. What cannot be read is told, and left out. */
export function readNetworks(paths: readonly string[], file: string, leftOut: LeftOut): Found[] {
  const [common = {}] = trying(file, commonIn, leftOut)
  const files = paths.flatMap((path) => trying(path, filesIn, leftOut))
  const configured = files.flatMap((path) => trying(path, readConfiguration, leftOut))
  return networksOf(configured, common, leftOut)
}

function commonIn(file: string): Common[] {
  const store = readStoreFile(file)
  return [store ? { store } : { lack: `there is no ${file}` }]
}

/** A directory that is not there has no networks yet. */
function filesIn(path: string): string[] {
  return tolerate(() => configurationFiles(path), 'ENOENT') ?? []
}

/** The networks that use a store. A network whose addresses and peers are in different stores is there twice. */
export function networksOf(configured: readonly Configured[], common: Common, leftOut: LeftOut): Found[] {
  return configured.flatMap((one) =>
    usesOf(one, leftOut).flatMap(({ section, ...use }) => {
      const settings = settingsOf(section, common, one.file, leftOut)
      const network = { name: one.network, plugin: one.type, raw: one.raw, ...use }
      return settings ? [{ network, store: settings }] : []
    }),
  )
}

/** What a network uses a store for, and its own settings of it. */
type Use = Pick<AgentNetwork, 'pool' | 'peers'> & { section: unknown }

function usesOf({ type, raw, file }: Configured, leftOut: LeftOut): Use[] {
  const [pool] = soundPool(poolIn(raw.ipam), file, leftOut)
  const addresses: Use[] = pool ? [{ pool, peers: false, section: pool.store }] : []
  const isPeer = nameWithin(type, ['vxlan']) !== undefined && raw.peers === 'store'
  if (!isPeer) return addresses
  const [first] = addresses
  if (first && JSON.stringify(first.section) === JSON.stringify(raw.store)) return [{ ...first, peers: true }]
  return [...addresses, { peers: true, section: raw.store }]
}

/** None for one whose pool or directory a plugin refuses: both become names of keys and files. */
function soundPool(pool: Raw | undefined, file: string, leftOut: LeftOut): Raw[] {
  if (!pool) return []
  const { data, error } = z.safeParse(object({ pool: poolName, dataDir: optional(path) }), pool)
  if (data) return [pool]
  leftOut(file, `ipam.${error.issues[0]?.path.join('.')} must be ${error.issues[0]?.message}`)
  return []
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
  { store, lack }: Common,
  file: string,
  leftOut: LeftOut,
): StoreSettings | undefined {
  if (section === undefined && lack) leftOut(file, `it has no section store, and ${lack}`)
  if (section === undefined) return store
  try {
    return settingsIn(section, 'store')
  } catch (error) {
    leftOut(file, wrongOf(error))
    return undefined
  }
}
