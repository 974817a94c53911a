/** The settings of a store as they are used: from a configuration's section `store`, or from /etc/patchbay/store.json; with this host's name. */

import * as z from 'zod/mini'
import { shapeOf } from '../config/inspect.ts'
import { complaintsOf, invalidConfig } from '../config/issues.ts'
import { isObject, parseObject } from '../config/json.ts'
import { nearest } from '../config/near.ts'
import { CniError, Code, type Complaint } from '../error/error.ts'
import { tolerate } from '../kernel/errno.ts'
import { readValueIfAny } from '../kernel/files.ts'
import { readRegular } from '../kernel/regular.ts'
import { type StoreConfig, store } from './config.ts'
import { hostName } from './words.ts'

/** Where the settings of a host are; a configuration's section `store` goes before it. */
export const storeFile = '/etc/patchbay/store.json'

export interface StoreSettings extends StoreConfig {
  host: string
}

/**
 * The settings for a network.
 * @param section the configuration's, if it has one
 * @throws CniError of code 7 that names the key, or says that there are no settings; KernelError for a file that cannot be read
 */
export function settingsOf(section: unknown, file = storeFile): StoreSettings {
  const settings = section === undefined ? readStoreFile(file) : settingsIn(section, 'store')
  if (settings) return settings
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `there is no store: neither a section \`store\` nor the file ${file}`,
    hint: `write where etcd is: echo '{"endpoints": ["https://192.0.2.1:2379"], "ca": …, "cert": …, "key": …}' > ${file}`,
  })
}

/** The settings in a file; undefined without one. @throws CniError, KernelError */
export function readStoreFile(file = storeFile): StoreSettings | undefined {
  const text = tolerate(() => readRegular(file), 'ENOENT', 'ENOTDIR')
  return text === undefined ? undefined : settingsIn(parseObject(text, file), file)
}

/** @param where the settings stand, for errors @throws CniError of code 7 */
export function settingsIn(raw: unknown, where: string): StoreSettings {
  const { data, error } = z.safeParse(store, raw)
  const complaints = [
    ...complaintsOf(error?.issues ?? [], raw),
    ...misspelt(raw),
    ...(data ? faultsOf(data) : []),
  ]
  if (data && complaints.length === 0) return { ...data, host: data.host ?? kernelHostName() }
  throw invalidConfig(complaints.map((one) => ({ ...one, msg: `${where}: ${one.msg}` })))
}

function misspelt(raw: unknown): Complaint[] {
  const known = Object.keys(shapeOf(store) ?? {})
  return Object.keys(isObject(raw) ? raw : {}).flatMap((key) => {
    const meant = known.includes(key) ? undefined : nearest(key, known)
    return meant ? [{ msg: `there is no key ${key}: is ${meant} meant?` }] : []
  })
}

/** What the types do not tell: what the keys require of one another. */
function faultsOf({ endpoints, ca, cert, key }: StoreConfig): Complaint[] {
  const isSecure = endpoints.some((endpoint) => endpoint.startsWith('https:'))
  const isOpen = endpoints.some((endpoint) => endpoint.startsWith('http:'))
  const faults: [boolean, Complaint][] = [
    [
      endpoints.length === 0,
      {
        msg: 'endpoints is empty',
        hint: 'name each member of etcd: "endpoints": ["https://192.0.2.1:2379"]',
      },
    ],
    [
      isSecure && isOpen,
      {
        msg: 'endpoints has https:// and http://',
        hint: 'all members of etcd speak the same: write one of them',
      },
    ],
    [
      isOpen && [ca, cert, key].some((file) => file !== undefined),
      { msg: 'ca, cert and key have no effect with http://', hint: 'write https://, or leave them out' },
    ],
    [cert !== undefined && key === undefined, { msg: 'cert needs key, the file with its key' }],
    [key !== undefined && cert === undefined, { msg: 'key needs cert, the file with its certificate' }],
  ]
  return faults.flatMap(([isFault, complaint]) => (isFault ? [complaint] : []))
}

/** `uname -n`. @throws CniError for a name that no other host would differ from, or that no key can have */
export function kernelHostName(): string {
  const name = readValueIfAny('/proc/sys/kernel/hostname') ?? ''
  if (z.safeParse(hostName, name).success && name !== 'localhost') return name
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `this host's name, ${JSON.stringify(name)}, cannot be its name in the store`,
    hint: `give it a name that no other host has: hostnamectl hostname NAME; or set \`host\` in ${storeFile}`,
  })
}
