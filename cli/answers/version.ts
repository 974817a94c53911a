/** What `patchbay version -o json` prints. */

import { strictObject as object, string } from 'zod'

export const answer = object({ version: string() })
