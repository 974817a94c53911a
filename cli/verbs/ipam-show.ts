/** `patchbay ipam show`: what has one address. */

import { requireAddress } from '../addresses/by-ip.ts'
import { lookup } from '../addresses/lookup.ts'
import { rangesOf } from '../addresses/ranges.ts'
import { shown } from '../addresses/shown.ts'
import { storesOf } from '../addresses/stores.ts'
import type { Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import { leftOutBy } from '../host/left-out.ts'

export const ipamShow: Verb = {
  summary: 'shows what holds an address, and whether it answers',
  text: [
    "By host-local's files, the caches of runtimes, and the kernel in the namespaces of the containers that these name. The host sends one ICMP echo, and waits a second for the answer.",
  ],
  words: [{ name: 'IP', means: 'An IPv4 or IPv6 address.', count: 'one' }],
  answers: true,
  example: { call: 'ipam show 10.88.0.2', does: 'which container has this address?' },
  run(call) {
    const address = requireAddress(call.words[0] ?? '')
    const leftOut = leftOutBy(call)
    const view = viewHost(leftOut)
    const stores = storesOf(view, leftOut)
    const ranges = rangesOf(view.host.configurations, leftOut)
    const data = lookup(address, view, { stores, ranges, leftOut })
    return { data, text: (page) => shown(page, data, view.isSeen) }
  },
}
