/** Metrics of the files below /run/patchbay: records that were damaged, calls that were logged, and the last run of gc. */

import { readCounts } from '../../shared/call-log/counts.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { lastCollection } from '../host/collection.ts'
import { gauge, type Metric } from './metric.ts'

/** Deeper than any record of ours. */
const deepest = 3

/** @throws KernelError */
export function damagedMetrics(): Metric[] {
  const value = damagedIn(stateDirectory, deepest)
  return [
    gauge('records_damaged', 'Records below /run/patchbay that were damaged, and set aside.', [
      { labels: {}, value },
    ]),
  ]
}

function damagedIn(directory: string, depth: number): number {
  const entries = readDirectoryIfAny(directory)
  const own = entries.filter(({ name }) => name.endsWith('.damaged')).length
  const folders = depth > 1 ? entries.filter((entry) => entry.directory) : []
  return folders.reduce((sum, { name }) => sum + damagedIn(`${directory}/${name}`, depth - 1), own)
}

/** @throws KernelError */
export function callMetrics(): Metric[] {
  const samples = readCounts().map(({ count, ...labels }) => ({ labels, value: count }))
  const help = 'Calls since the boot that were logged, by the code of the error; 0 is success.'
  return [{ name: 'patchbay_calls_total', type: 'counter', help, samples }]
}

/** None where gc has not run since the boot. */
export function gcMetrics(): Metric[] {
  const last = lastCollection()
  if (!last) return []
  const outcomes = Object.entries(last.outcomes).map(([outcome, value]) => ({ labels: { outcome }, value }))
  return [
    gauge('gc_last_run_timestamp_seconds', 'When patchbay gc ended last.', [
      { labels: {}, value: last.time },
    ]),
    gauge(
      'gc_last_run_attachments',
      'What became of the attachments in the last run of patchbay gc.',
      outcomes,
    ),
  ]
}
