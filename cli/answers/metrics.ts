/** What `patchbay metrics -o json` prints. */

import { array, number, strictObject as object, enum as oneOf, record, string } from 'zod'

export const answer = array(
  object({
    name: string(),
    type: oneOf(['gauge', 'counter']),
    help: string(),
    samples: array(object({ labels: record(string(), string()), value: number() })),
  }),
)
