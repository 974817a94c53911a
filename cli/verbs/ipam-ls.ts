/** `patchbay ipam ls`: ranges of addresses, and what holds them. */

import { fullnessOf } from '../addresses/fullness.ts'
import { listed } from '../addresses/listed.ts'
import { rangesOf } from '../addresses/ranges.ts'
import { storesOf } from '../addresses/stores.ts'
import { toldHolder } from '../addresses/told.ts'
import type { Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import { leftOutBy } from '../host/left-out.ts'
import { requireNetwork } from '../host/require-network.ts'

export const ipamLs: Verb = {
  summary: 'lists ranges of addresses, how full they are, and what holds each address',
  text: [
    "Ranges are those of host-local in the networks' configurations, and the blocks that networks hold of pools; holders are in host-local's files.",
  ],
  words: [{ name: 'NETWORK', means: 'This network alone.', count: 'optional', names: 'network' }],
  flags: { '--ranges': { takes: 'none', means: 'Ranges alone, without holders.' } },
  answers: true,
  example: { call: 'ipam ls --ranges', does: 'how full are the ranges?' },
  run(call) {
    const [network] = call.words
    const leftOut = leftOutBy(call)
    const view = viewHost(leftOut)
    const stores = storesOf(view, leftOut, network)
    if (network !== undefined)
      requireNetwork(
        network,
        view.host,
        stores.map((store) => store.network),
      )
    const ranges = rangesOf(view.host.configurations, leftOut)
      .filter((range) => range.network === (network ?? range.network))
      .map((range) => fullnessOf(range, stores))
    const holders = call.flags.has('--ranges') ? [] : stores.flatMap((store) => store.holders).map(toldHolder)
    return { data: { ranges, holders }, text: (page) => listed(page, ranges, holders, view.isSeen) }
  },
}
