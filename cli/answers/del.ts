/** What `patchbay del -o json` prints. */

import { array, strictObject as object, string, union } from 'zod'
import { calls } from './add.ts'

export const answer = union([
  object({
    network: string(),
    container: string(),
    interface: string(),
    plugins: array(string()).describe('Whose DEL succeeded, in the order of the calls.'),
  }),
  calls.describe('With --dry-run.'),
])
