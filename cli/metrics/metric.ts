/** Metrics, and their text for Prometheus (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4). */

/** Numbers of one kind. */
export interface Metric {
  name: string
  type: 'gauge' | 'counter'
  /** One sentence. */
  help: string
  samples: Sample[]
}

export interface Sample {
  /** Those of the host's configuration only: a label for each container would be a series for each. */
  labels: Record<string, string>
  value: number
}

/** The text, without the last line's end. A metric without samples has none. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${escaped(help, /[\\\n]/g)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels, value }) => `${name}${labelText(labels)} ${numberText(value)}`),
    ])
    .join('\n')
}

function labelText(labels: Record<string, string>): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value, /[\\\n"]/g)}"`)
  return parts.length > 0 ? `{${parts.join(',')}}` : ''
}

function escaped(text: string, what: RegExp): string {
  return text.replace(what, (found) => (found === '\n' ? '\\n' : `\\${found}`))
}

/** Infinity and NaN have names of their own. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** Metrics of one subject: each name after `patchbay_`. */
export function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name: `patchbay_${name}`, type: 'gauge', help, samples }
}

/** The samples of counted things: how many have each value of a label. */
export function counted(values: readonly Record<string, string>[]): Sample[] {
  const byLabels = Map.groupBy(values, (labels) => JSON.stringify(labels))
  return [...byLabels.values()].flatMap((alike) => {
    const [labels] = alike
    return labels ? [{ labels, value: alike.length }] : []
  })
}
