/** `patchbay metrics`: what Prometheus should know of this host. */

import { plain } from '../../shared/error/log.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { misuse } from '../form/arguments.ts'
import { lastOf, type Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'
import { gather } from '../metrics/gather.ts'
import { exposition } from '../metrics/metric.ts'

export const metrics: Verb = {
  summary: 'prints metrics for Prometheus: addresses, leaks, attachments, firewall, errors',
  text: [
    "In Prometheus' text format. With --textfile the file is replaced atomically, as the textfile collector of node_exporter needs it; patchbay-metrics.timer does so each minute.",
    'Errors are those of calls that are logged: see patchbay logs.',
  ],
  flags: {
    '--textfile': {
      ...{ takes: 'one', value: 'FILE', names: 'file' },
      means: 'Write the metrics to this file, which ends in .prom, and print nothing.',
    },
  },
  answers: true,
  example: { call: 'metrics', does: 'how many addresses are left, and does anything leak?' },
  run(call) {
    const file = lastOf(call.flags, '--textfile')
    if (file !== undefined) requireProm(file)
    const all = gather(leftOutBy(call))
    if (file === undefined)
      return { data: all, text: () => exposition(all).split('\n').map(plain).join('\n') }
    writeFile(file, `${exposition(all)}\n`, READABLE)
    return 0
  },
}

/** node_exporter has a user of its own. */
const READABLE = 0o644

/** node_exporter reads no other files. */
function requireProm(file: string): void {
  if (file.endsWith('.prom')) return
  throw misuse(
    `--textfile ${JSON.stringify(file.slice(0, 100))}: node_exporter reads files that end in .prom`,
  )
}
