/** The host's network configurations, as libcni finds them: the files of a directory, in order of name. */

import { isObject, parseObject } from '../shared/config/json.ts'
import { networkName } from '../shared/config/names.ts'
import { CniError, Code } from '../shared/error/error.ts'
import { isErrno } from '../shared/kernel/errno.ts'
import { readDirectory, readFile } from '../shared/kernel/files.ts'

/** One plugin of a network, configured as a runtime would hand it over. */
export interface Configured {
  network: string
  type: string
  raw: Record<string, unknown>
}

/** What libcni takes for configurations (ConfFiles, libcni/conf.go). */
const endings = /\.(conflist|conf|json)$/

/** The files of a directory that hold configurations; a path that is no directory stands for itself. @throws KernelError */
export function configurationFiles(path: string): string[] {
  try {
    return readDirectory(path)
      .map(({ name }) => name)
      .filter((name) => endings.test(name))
      .sort()
      .map((name) => `${path.replace(/\/$/, '')}/${name}`)
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return [path]
    throw error
  }
}

/** The plugins of a configuration file, be it a list or of a single one. @throws CniError */
export function readConfiguration(file: string): Configured[] {
  const whole = parseObject(readFile(file), 'network config')
  const network = networkName(whole)
  const { plugins = [whole], cniVersion } = whole
  if (!Array.isArray(plugins) || !plugins.every(isObject))
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: 'plugins must be a list of objects',
      hint: 'write "plugins": [{"type": …}, …]',
      path: file,
    })
  return plugins.map((plugin) => {
    const raw: Record<string, unknown> = { ...plugin, name: network, cniVersion }
    return { network, type: String(raw.type ?? ''), raw }
  })
}
