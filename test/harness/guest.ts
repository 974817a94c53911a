/** Whether this is a guest, where a call of a plugin takes four times as long as on the host, and one of the Node engine half a second. */

import { readFileSync } from 'node:fs'

/** User-Mode Linux calls itself a processor. */
export const isGuest = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux')
