/** A connection that counts what it does, for the metrics. */

import type { Connection } from '../../shared/store/connection.ts'
import { gauge, type Metric, type Sample } from '../metrics/metric.ts'
import { counter } from './metrics.ts'

/** What has been seen of a store. */
interface Seen {
  up: boolean
  /** performance.now() of its last answer; undefined without one. */
  answered?: number
  revision: number
  requests: number
  failures: number
  watches: number
  /** How often a watch got the whole anew after its first time. */
  restarts: number
}

export interface Measured extends Connection {
  metrics(labels: Record<string, string>): Metric[]
  seen(): Readonly<Seen>
}

export function measured(connection: Connection): Measured {
  const seen: Seen = { up: false, revision: 0, requests: 0, failures: 0, watches: 0, restarts: 0 }
  const answered = (revision: number) => {
    seen.up = true
    seen.answered = performance.now()
    seen.revision = Math.max(seen.revision, revision)
  }
  return {
    async ask(step) {
      seen.requests++
      try {
        const answer = await connection.ask(step)
        answered(answer.revision)
        return answer
      } catch (error) {
        seen.failures++
        throw error
      }
    },
    follow(range, follower) {
      seen.watches++
      let isFirst = true
      const { close } = connection.follow(range, {
        whole(answer) {
          if (!isFirst) seen.restarts++
          isFirst = false
          answered(answer.revision)
          follower.whole(answer)
        },
        changed(changes, revision) {
          answered(revision)
          follower.changed(changes, revision)
        },
        away(reason) {
          seen.up = false
          follower.away?.(reason)
        },
        refused: (refusal) => follower.refused?.(refusal),
      })
      return {
        close() {
          seen.watches--
          close()
        },
      }
    },
    close: () => connection.close(),
    metrics: (labels) => metricsOf(seen, labels),
    seen: () => seen,
  }
}

function metricsOf(seen: Seen, labels: Record<string, string>): Metric[] {
  const one = (value: number): Sample[] => [{ labels, value }]
  const age = seen.answered === undefined ? [] : one((performance.now() - seen.answered) / 1000)
  return [
    gauge('store_up', 'Whether the store answers.', one(Number(seen.up))),
    gauge('store_answer_age_seconds', 'Time since its last answer.', age),
    gauge('store_revision', 'The highest revision that was seen.', one(seen.revision)),
    gauge('store_watches', 'Ranges of keys that are followed.', one(seen.watches)),
    counter('store_requests', 'Requests to the store.', one(seen.requests)),
    counter('store_request_failures', 'Of these, without an answer or refused.', one(seen.failures)),
    counter('store_watch_restarts', 'How often a watch was lost and all was read anew.', one(seen.restarts)),
  ]
}
