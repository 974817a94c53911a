/** One store and what the agent does there: it connects, again until that works, and makes the parts. */

import { connect } from '#store'
import { toCniError } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import type { StoreConfig } from '../../shared/store/config.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import type { StoreSettings } from '../../shared/store/settings.ts'
import type { Metric } from '../metrics/metric.ts'
import { type Measured, measured } from './measured.ts'
import type { AgentNetwork, MakePart, Part, Settings } from './part.ts'
import { statesOf, wrongOf } from './states.ts'
import { worker } from './worker.ts'

export interface Site {
  /** The networks that use the store now. */
  use(networks: readonly AgentNetwork[]): void
  metrics(): Metric[]
  /** What is not well, one sentence each. */
  troubles(): string[]
  stop(): Promise<void>
}

/** What the agent gives to all its sites. */
export interface Frame {
  makers: readonly MakePart[]
  log: Log
  settings: Settings
}

/** A store's name in logs and metrics: its first member, and the prefix. */
export function nameOf({ endpoints, prefix }: StoreConfig): string {
  return `${(endpoints[0] ?? '').replace(/\/$/, '')}${prefix}`
}

/** How long parts have for what they do at the end, milliseconds. */
const GRACE = 500

export function openSite(config: StoreSettings, { makers, log, settings }: Frame): Site {
  const name = nameOf(config)
  const states = statesOf(log)
  let networks: readonly AgentNetwork[] = []
  let connection: Measured | undefined
  let parts: Part[] = []
  let isStopped = false

  const begin = async () => {
    if (connection) return
    const opened = await connectTo(config)
    if (isStopped) return opened.close()
    states.set(name, undefined)
    connection = opened
    const surroundings = {
      connection,
      keys: keysBelow(config.prefix),
      host: config.host,
      log,
      settings,
    }
    parts = makers.map((make) => make(surroundings))
    for (const part of parts) part.use(networks)
  }
  const beginning = worker(begin, (error) => states.set(name, wrongOf(error)))
  beginning.soon()
  return {
    use(now) {
      networks = now
      for (const part of parts) part.use(networks)
    },
    metrics: () => [
      ...(connection?.metrics({ store: name }) ?? []),
      ...parts.flatMap((part) => part.metrics()),
    ],
    troubles: () => [
      ...(connection ? [] : [`${name}: not connected yet`]),
      ...states.all(),
      ...parts.flatMap((part) => part.troubles()),
    ],
    async stop() {
      isStopped = true
      // What is begun is done, but what waits longer for an answer ends with the connection.
      const ending = setTimeout(() => connection?.close(), GRACE)
      await Promise.all([beginning.stop(), ...parts.map((part) => part.stop())]).finally(() => {
        clearTimeout(ending)
        connection?.close()
      })
    },
  }
}

/** @throws CniError for certificates that are missing or open to others */
async function connectTo(config: StoreConfig): Promise<Measured> {
  if (!connect) throw toCniError(new Error('this build has no client of etcd'))
  return measured(await connect(config))
}
