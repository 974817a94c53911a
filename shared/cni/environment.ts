/** What a runtime says in the environment (spec section "Parameters"), judged in the order of the reference's skel. */

import { CniError, Code } from './error.ts'
import { validateContainerID, validateIfname } from './names.ts'
import type { Command } from './plugin.ts'

export type Environment = Record<string, string>

export interface Parameters {
  /** As written: an unknown one is only refused once the configuration was read. */
  command: string
  containerID: string
  netns: string
  ifname: string
  /** The directories of CNI_PATH. */
  path: string[]
}

/** The variables in the order in which they are judged, and the commands that cannot do without. */
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

/** Reads the parameters; an invalid one is reported before missing ones, which are reported together. @throws CniError of code 4 */
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
    hint: `CNI_COMMAND=${command} cannot do without; a runtime or cnitool sets them`,
  })
}

/** Whether the check that a container's namespace is not our own is switched off (CNI_NETNS_OVERRIDE). */
export function mayShareNetns(env: Environment): boolean {
  return /^(1|true)$/i.test(env.CNI_NETNS_OVERRIDE ?? '')
}
