/** Reads the host's network configurations as libcni does: the files of a directory, sorted by name. */

import { isObject, parseObject } from '../../shared/config/json.ts'
import { networkName } from '../../shared/config/names.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { readDirectory } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'

/** One plugin of a network, with the configuration that a runtime passes to it. */
export interface Configured {
  file: string
  network: string
  type: string
  raw: Record<string, unknown>
}

/** The file names that libcni reads (ConfFiles, libcni/conf.go). */
const endings = /\.(conflist|conf|json)$/

/** The configuration files of a directory; the path itself when it is a file. @throws KernelError */
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

/** The plugins of a configuration file, which is a list or a single configuration. @throws CniError, KernelError */
export function readConfiguration(file: string): Configured[] {
  const whole = parseObject(readRegular(file), 'network config')
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
    return { file, network, type: String(raw.type ?? ''), raw }
  })
}
