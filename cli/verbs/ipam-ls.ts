/** `patchbay ipam ls`: ranges of addresses, and what holds them. */

import { fullnessOf } from '../addresses/fullness.ts'
import { heldLeases } from '../addresses/leases.ts'
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
    "Ranges are those of host-local in the networks' configurations, and the blocks that networks hold of pools; holders are in host-local's files. Leases of DHCP are those that servers have given to containers of this host: which addresses a server has left, it alone knows.",
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
        [...stores, ...view.attachments].map((one) => one.network),
      )
    const ranges = rangesOf(view.host.configurations, leftOut)
      .filter((range) => range.network === (network ?? range.network))
      .map((range) => fullnessOf(range, stores))
    const holders = call.flags.has('--ranges') ? [] : stores.flatMap((store) => store.holders).map(toldHolder)
    const leases = call.flags.has('--ranges') ? [] : heldLeases(view, network)
    return {
      data: { ranges, holders, leases },
      text: (page) => listed(page, ranges, holders, leases, view.isSeen),
    }
  },
}
