/** `patchbay ipam check`: leaked, duplicate and unrecorded addresses. */

import { checkedText, toldFinding } from '../addresses/checked.ts'
import { claimsOf } from '../addresses/evidence.ts'
import { findingsOf } from '../addresses/findings.ts'
import { rangesOf } from '../addresses/ranges.ts'
import { toLeaked, writeReport } from '../addresses/report.ts'
import { storesOf } from '../addresses/stores.ts'
import { lastOf, type Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import { requireHostNetwork } from '../host/host-network.ts'
import { leftOutBy } from '../host/left-out.ts'

export const ipamCheck: Verb = {
  summary: 'looks for leaked, duplicate and unrecorded addresses',
  text: [
    "It compares host-local's files, the caches of runtimes, and the kernel in the namespaces of live containers. Leaked: an address is held, and its container has ended. Duplicate: several live containers on one bridge, parent or network have it. Unrecorded: a container has an address of a range without a file of host-local, which may give it again.",
    'With findings the exit status is 1. Release what is leaked in two steps: write a report, read it, and give it to patchbay ipam release.',
  ],
  flags: {
    '--report': {
      takes: 'one',
      value: 'FILE',
      names: 'file',
      means: 'Write what is leaked to this file, for patchbay ipam release --from.',
    },
  },
  answers: true,
  example: { call: 'ipam check', does: 'do ended containers hold addresses?' },
  run(call) {
    requireHostNetwork()
    const leftOut = leftOutBy(call)
    const view = viewHost(leftOut)
    const stores = storesOf(view, leftOut)
    const claims = claimsOf(view, stores, call)
    const findings = findingsOf(stores, rangesOf(view.host.configurations, leftOut), claims)
    const report = lastOf(call.flags, '--report')
    if (report !== undefined)
      writeReport(
        report,
        findings.flatMap((one) =>
          one.kind === 'leaked' && one.usedBy.length === 0 ? toLeaked(one.holder) : [],
        ),
      )
    const data = {
      checked: {
        addresses: stores.reduce((sum, { holders }) => sum + holders.length, 0),
        containers: new Set(view.attachments.map(({ containerID }) => containerID)).size,
      },
      findings: findings.map(toldFinding),
      ...(report !== undefined && { report }),
    }
    return { data, text: (page) => checkedText(page, data), status: findings.length > 0 ? 1 : 0 }
  },
}
