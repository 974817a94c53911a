/** A lease of DHCP, and the container that has it, in the JSON of several verbs. */

import { string } from 'zod'
import { life } from './attachment.ts'
import { lease } from './lease.ts'

export const heldLease = lease.extend({
  network: string(),
  container: string(),
  interface: string(),
  pod: string().optional(),
  life,
})
