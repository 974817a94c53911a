/** A line of the log of calls: one JSON object. `patchbay logs` reads it. */

export const levels = ['debug', 'info', 'warn', 'error'] as const

export type Level = (typeof levels)[number]

/** The levels that a configuration can ask for. */
export type Wanted = 'info' | 'debug'

export interface Entry {
  /** ISO 8601, UTC. */
  time: string
  level: Level
  verb: string
  plugin: string
  network?: string
  container?: string
  interface?: string
  /** `NAMESPACE/NAME`, of CNI_ARGS. */
  pod?: string
  /** The trace-id of TRACEPARENT. */
  trace?: string
  pid: number
  /** In the last line of a call: seconds since the configuration was read. */
  duration?: number
  /** The error's code. */
  code?: number
  msg?: string
  details?: string
  /** Level debug: seconds by kind of span. */
  spent?: Record<string, number>
}
