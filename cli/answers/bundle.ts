/** What `patchbay bundle -o json` prints. */

import { array, number, strictObject as object, string } from 'zod'

export const answer = object({
  file: string().optional().describe('The archive; absent with --dry-run.'),
  bytes: number().int().describe('Of the archive.'),
  files: array(
    object({
      name: string().describe('Path in the archive, below its one directory.'),
      source: string().describe('The file, or the command that tells the same.'),
      bytes: number().int(),
      cut: string().optional().describe('What of a larger file is there.'),
    }),
  ),
  leftOut: array(object({ source: string(), why: string() })),
})
