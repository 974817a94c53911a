/** `patchbay pool check`: what is wrong in the store, and between it and this host. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { storeFlag } from '../pool/flags.ts'

export const poolCheck: Verb = {
  summary: 'compares the store of pools with itself, and with what this host holds',
  text: [
    "In the store: values that are not valid, blocks outside of their pool's ranges, overlapping, of unknown pools or hosts, hosts that have not confirmed since etcd was restored, addresses that were asked for and not granted. On this host: its files of blocks and addresses. Each finding says what to do; what a second look does not find is left out. With findings the exit status is 1.",
    'Run it on each host: of others the store does not know which addresses are in use.',
  ],
  flags: storeFlag,
  answers: true,
  example: { call: 'pool check', does: 'can any address be given twice?' },
  run: (call) => work.check(call),
}
