/** Finds the specification version of a call, and whether the version has the call's command. */

import { show } from '../config/issues.ts'
import { CniError, Code } from '../error/error.ts'
import { atLeast, type SpecVersion, versions } from './version.ts'

/** The first version with a command. */
const since: Record<string, SpecVersion> = { CHECK: '0.4.0', STATUS: '1.1.0', GC: '1.1.0' }

/**
 * The version of a configuration. Default: 0.1.0.
 * @throws CniError of code 1 when it is not supported or has no such command, of code 7 when it is not a string
 */
export function negotiate(command: string, raw: Record<string, unknown>): SpecVersion {
  const { cniVersion = '0.1.0' } = raw
  if (typeof cniVersion !== 'string') {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `cniVersion is ${show(cniVersion)}, must be a string such as "1.0.0"`,
      hint: `supported versions: ${versions.join(', ')}`,
    })
  }
  const version = versions.find((known) => known === cniVersion)
  if (!version) throw incompatible(cniVersion)
  const first = since[command]
  if (first && !atLeast(version, first)) {
    throw new CniError(Code.IncompatibleVersion, {
      msg: `config version does not allow ${command}`,
      hint: `cniVersion is ${version}; ${command} needs ${first} or newer`,
    })
  }
  return version
}

function incompatible(cniVersion: string): CniError {
  const supported = versions.map((version) => `"${version}"`).join(' ')
  return new CniError(Code.IncompatibleVersion, {
    msg: 'incompatible CNI versions',
    details: `config is ${show(cniVersion)}, plugin supports [${supported}]`,
    hint: 'set cniVersion to one of them',
  })
}
