/** Metrics of the agent's own process, and of all its parts as one text. */

import { version } from '../../shared/version.ts'
import { gauge, type Metric, type Sample } from '../metrics/metric.ts'

/** Counters of one subject: each name after `patchbay_` and before `_total`. */
export function counter(name: string, help: string, samples: Sample[]): Metric {
  return { name: `patchbay_${name}_total`, type: 'counter', help, samples }
}

/** Metrics of one name as one, since a name stands once in the text. Of samples with the same labels the first counts. */
export function merged(metrics: readonly Metric[]): Metric[] {
  return [...Map.groupBy(metrics, ({ name }) => name).values()].flatMap((alike) => {
    const [first] = alike
    const samples = new Map<string, Sample>()
    for (const sample of alike.flatMap((one) => one.samples)) {
      const key = JSON.stringify(Object.entries(sample.labels).sort())
      if (!samples.has(key)) samples.set(key, sample)
    }
    return first ? [{ ...first, samples: [...samples.values()] }] : []
  })
}

/** The names are those of Prometheus' own clients (prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics"). */
export function ofProcess(): Metric[] {
  const one = (value: number): Sample[] => [{ labels: {}, value }]
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  const begun = Date.now() / 1000 - process.uptime()
  return [
    gauge('build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
    {
      ...counter('', 'Processor time, user and system.', one((user + system) / 1e6)),
      name: 'process_cpu_seconds_total',
    },
    { ...gauge('', 'Resident memory.', one(rss)), name: 'process_resident_memory_bytes' },
    { ...gauge('', 'Of the heap of JavaScript, what is used.', one(heapUsed)), name: 'process_heap_bytes' },
    {
      ...gauge('', 'When the process began, seconds since the epoch.', one(begun)),
      name: 'process_start_time_seconds',
    },
  ]
}
