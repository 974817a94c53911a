/** What `patchbay add -o json` prints: the CNI result in the version of the list; with --dry-run the calls. */

import {
  array,
  looseObject,
  number,
  strictObject as object,
  enum as oneOf,
  record,
  string,
  union,
  unknown,
} from 'zod'

/** The specification has more keys, and plugins may add theirs. */
const result = looseObject({
  cniVersion: string(),
  interfaces: array(
    looseObject({
      name: string(),
      sandbox: string()
        .optional()
        .describe("The container's namespace; absent for an interface of the host."),
    }),
  ).optional(),
  ips: array(
    looseObject({
      address: string().describe('With the prefix length.'),
      gateway: string().optional(),
      interface: number().optional().describe('Index into interfaces.'),
    }),
  ).optional(),
}).describe("The last plugin's result (CNI specification, section ADD Success).")

/** A call that would be made, in its order. */
export const calls = array(
  object({
    command: oneOf(['ADD', 'DEL']),
    plugin: string(),
    executable: string().describe(
      '/proc/self/exe is this executable: the directories do not have the plugin.',
    ),
    environment: record(string(), string()).describe('The variables of CNI.'),
    input: unknown().describe(
      'The configuration on standard input. An ADD after the first gets prevResult, too.',
    ),
  }),
)

export const answer = union([result, calls])
