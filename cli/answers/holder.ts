/** An address of host-local, and what holds it, in the JSON of several verbs. */

import { number, strictObject as object, string } from 'zod'
import { life } from './attachment.ts'

export const holder = object({
  address: string(),
  network: string(),
  directory: string().describe('Where host-local has the file of the address.'),
  container: string().optional(),
  interface: string().optional().describe('Absent in records of old releases of host-local.'),
  pod: string().optional(),
  keptFor: string()
    .optional()
    .describe('No container holds it: it is kept for the next one of this pod or STICKY_KEY.'),
  lentTo: string()
    .optional()
    .describe('No container of this host holds it: it is lent to that host of the pool, which asked for it.'),
  life,
  since: string().optional().describe('ISO 8601 in UTC.'),
  age: number().optional().describe('Seconds.'),
})
