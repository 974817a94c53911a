/** Which etcd a verb of the operator asks. */

import { parseObject } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno, tolerate } from '../../shared/kernel/errno.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import type { StoreConfig } from '../../shared/store/config.ts'
import { settingsIn, storeFile } from '../../shared/store/settings.ts'
import { type Call, lastOf } from '../form/verb.ts'
import { readConfigurations } from '../host/configurations.ts'
import { leftOutBy } from '../host/left-out.ts'
import { storeUsers } from '../host/store-users.ts'

/**
 * The store of `--store`, of /etc/patchbay/store.json, or the one that all networks of this host name.
 * @throws CniError when there is none, or several, or a file is wrong
 */
export function storeOf(call: Pick<Call, 'flags' | 'complain'>): StoreConfig {
  const named = lastOf(call.flags, '--store')
  if (named !== undefined) return storeIn(named, readAsRoot(named))
  const text = tolerate(() => readAsRoot(storeFile), 'ENOENT', 'ENOTDIR')
  return text === undefined ? ofNetworks(call) : storeIn(storeFile, text)
}

function readAsRoot(file: string): string {
  try {
    return readRegular(file)
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error
    throw new CniError(Code.IoFailure, { msg: `${file}: only root can read it`, hint: 'run it as root' })
  }
}

function storeIn(file: string, text: string): StoreConfig {
  return settingsIn(parseObject(text, 'store'), file)
}

/** The section `store` of all networks, if it is the same in all. */
function ofNetworks(call: Pick<Call, 'flags' | 'complain'>): StoreConfig {
  const { configured } = readConfigurations([], leftOutBy(call))
  const named = storeUsers(configured).flatMap(({ file, sections }) =>
    sections.map((section) => ({ file, config: settingsIn(section, file) })),
  )
  const distinct = [...new Map(named.map((one) => [keyOf(one.config), one])).values()]
  const [first, ...others] = distinct
  if (!first)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `no store: there is no ${storeFile}, and no network of /etc/cni/net.d names one`,
      hint: `write ${storeFile}: {"endpoints": ["https://192.0.2.1:2379"], "ca": …, "cert": …, "key": …}; or give --store FILE`,
      see: 'docs/pool.md',
    })
  if (others.length === 0) return first.config
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'the networks of this host have several stores: give --store FILE with the one that is meant',
    details: distinct.map(({ file, config }) => `${file}: ${keyOf(config)}`).join('; '),
  })
}

const keyOf = ({ endpoints, prefix }: StoreConfig) => `${[...endpoints].sort().join(' ')} ${prefix}`
