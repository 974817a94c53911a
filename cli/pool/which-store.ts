/** Which etcd a verb of the operator asks. */

import { parseObject } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { readStoreFile, type StoreSettings, settingsIn, storeFile } from '../../shared/store/settings.ts'
import { type Call, lastOf } from '../form/verb.ts'
import { readConfigurations } from '../host/configurations.ts'
import { leftOutBy } from '../host/left-out.ts'
import { storeUsers } from '../host/store-users.ts'

/**
 * The store of `--store`, of /etc/patchbay/store.json, or the one that all networks of this host name.
 * @throws CniError when there is none, or several, or a file is wrong
 */
export function storeOf(call: Pick<Call, 'flags' | 'complain'>): StoreSettings {
  const named = lastOf(call.flags, '--store')
  if (named !== undefined)
    return asRoot(named, () => settingsIn(parseObject(readRegular(named), named), named))
  return asRoot(storeFile, () => readStoreFile()) ?? ofNetworks(call)
}

function asRoot<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM')) throw error
    throw new CniError(Code.IoFailure, { msg: `${file}: only root can read it`, hint: 'run it as root' })
  }
}

/** The section `store` of all networks, if it is the same in all. */
function ofNetworks(call: Pick<Call, 'flags' | 'complain'>): StoreSettings {
  const { configured } = readConfigurations([], leftOutBy(call))
  const named = storeUsers(configured).flatMap(({ file, sections }) =>
    sections.map((section) => ({ file, settings: settingsIn(section, `${file}: store`) })),
  )
  const distinct = [...new Map(named.map((one) => [keyOf(one.settings), one])).values()]
  const [first, ...others] = distinct
  if (!first)
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `no store: there is no ${storeFile}, and no network of /etc/cni/net.d names one`,
      hint: `write ${storeFile}: {"endpoints": ["https://192.0.2.1:2379"], "ca": …, "cert": …, "key": …}; or give --store FILE`,
    })
  if (others.length === 0) return first.settings
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: 'the networks of this host have several stores: give --store FILE with the one that is meant',
    details: distinct.map(({ file, settings }) => `${file}: ${keyOf(settings)}`).join('; '),
  })
}

const keyOf = ({ endpoints, prefix }: StoreSettings) => `${[...endpoints].sort().join(' ')} ${prefix}`
