/** The runtime's parameters in the environment (spec section "Parameters"), validated in the order of the reference's skel. */

import { validateContainerID, validateIfname } from '../config/names.ts'
import { CniError, Code } from '../error/error.ts'
import type { Command } from './plugin.ts'

export type Environment = Record<string, string>

export interface Parameters {
  /** As the runtime wrote it: an unknown one is refused after the configuration was read. */
  command: string
  containerID: string
  netns: string
  ifname: string
  /** The directories of CNI_PATH. */
  path: string[]
}

/** The variables in the order in which they are validated, and the commands that require them. */
const required: readonly {
  variable: string
  commands: readonly Command[]
  validate?(value: string): void
}[] = [
  { variable: 'CNI_CONTAINERID', commands: ['ADD', 'CHECK', 'DEL'], validate: validateContainerID },
  { variable: 'CNI_NETNS', commands: ['ADD', 'CHECK'] },
  { variable: 'CNI_IFNAME', commands: ['ADD', 'CHECK', 'DEL'], validate: validateIfname },
  { variable: 'CNI_PATH', commands: ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'] },
]

/** Reads the parameters. An invalid one is reported before missing ones; these are reported together. @throws CniError of code 4 */
export function readParameters(env: Environment): Parameters {
  const command = env.CNI_COMMAND ?? ''
  const needed = required.filter(({ commands }) => (commands as readonly string[]).includes(command))
  for (const { variable, validate } of needed) if (env[variable]) validate?.(env[variable])
  const missing = needed.map(({ variable }) => variable).filter((variable) => !env[variable])
  if (missing.length > 0) throw missingVariables(command, missing)
  return {
    command,
    containerID: env.CNI_CONTAINERID ?? '',
    netns: env.CNI_NETNS ?? '',
    ifname: env.CNI_IFNAME ?? '',
    path: (env.CNI_PATH ?? '').split(':').filter((directory) => directory !== ''),
  }
}

function missingVariables(command: string, missing: string[]): CniError {
  return new CniError(Code.InvalidEnvironment, {
    msg: `required env variables [${missing.join(',')}] missing`,
    hint: `CNI_COMMAND=${command} requires them; a runtime or cnitool sets them`,
  })
}

/** Whether CNI_NETNS may be the plugin's own namespace (CNI_NETNS_OVERRIDE). */
export function mayShareNetns(env: Environment): boolean {
  return /^(1|true)$/i.test(env.CNI_NETNS_OVERRIDE ?? '')
}
