/** What `patchbay validate -o json` prints. */

import { array, boolean, number, strictObject as object, enum as oneOf, string } from 'zod'

export const finding = object({
  file: string(),
  line: number()
    .int()
    .optional()
    .describe('Begins with 1. Absent where the finding is about the whole file.'),
  column: number().int().optional().describe('In UTF-16 units; begins with 1.'),
  severity: oneOf(['error', 'warning']).describe('error: ADD refuses it.'),
  message: string(),
  hint: string().optional(),
  excerpt: string()
    .optional()
    .describe('The line, shortened, and below it a line with a caret at the column.'),
})

const version = string().describe('Of the CNI specification.')

export const answer = object({
  directories: array(string()).describe('Where plugins were looked for, in this order.'),
  runtimes: array(
    object({
      name: string(),
      path: string(),
      version: string(),
      takes: version.describe('The highest cniVersion that it takes.'),
    }),
  ),
  networks: array(
    object({
      file: string(),
      network: string(),
      kind: oneOf(['list', 'plugin', 'podman']),
      cniVersion: version,
      highest: version
        .optional()
        .describe(
          'The highest cniVersion that all its plugins and all runtimes take; absent when a plugin does not tell.',
        ),
      first: boolean().describe('It is the first file of its directory, which containerd and CRI-O take.'),
      plugins: array(
        object({
          type: string(),
          path: string().optional().describe('Absent when it is not installed.'),
          ours: boolean().describe("Whether the file is Patchbay's."),
          checked: boolean().describe(
            'Whether its keys were checked: those of other projects are not known.',
          ),
          versions: array(version)
            .optional()
            .describe('The versions of the CNI specification that it supports, by its VERSION.'),
        }),
      ),
    }),
  ),
  findings: array(finding),
})
