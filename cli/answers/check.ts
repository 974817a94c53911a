/** What `patchbay check -o json` prints. */

import { array, boolean, strictObject as object, string } from 'zod'

export const answer = object({
  network: string(),
  container: string(),
  interface: string(),
  plugins: array(
    object({
      plugin: string(),
      passes: boolean(),
      problem: string().optional(),
      hint: string().optional(),
    }),
  ).describe('In the order of the list; empty when the list says disableCheck.'),
})
