/** `patchbay agent`: from its start to the signal that ends it. */

import type { Server } from 'node:http'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { close as closeFile } from '../../shared/kernel/files.ts'
import { notifierOf, watchdogEvery } from '../../shared/kernel/notify.ts'
import { version } from '../../shared/version.ts'
import type { Metric } from '../metrics/metric.ts'
import { exposition } from '../metrics/metric.ts'
import { takeAgentLock } from './alone.ts'
import { close, type Pages, type Place, placeOf, serve } from './http.ts'
import { stayLean } from './lean.ts'
import { merged, ofProcess } from './metrics.ts'
import type { Settings } from './part.ts'
import { sitesOf } from './sites.ts'

export interface Options {
  /** Directories of configurations, or files. */
  confs: readonly string[]
  /** The settings of the store for networks that have none of their own. */
  storeFile: string
  /** Where it serves its metrics (`placeOf`); undefined: nowhere. */
  metrics: string | undefined
  settings: Settings
  log: Log
}

/** Parts that do not end in this time are left. */
const LONGEST_END = 700

/** Runs until SIGTERM or SIGINT. @throws CniError when another agent runs, or the metrics cannot be served */
export async function runAgent(options: Options): Promise<void> {
  const place = options.metrics === undefined ? undefined : placeOf(options.metrics)
  const lock = takeAgentLock()
  const notify = notifierOf(process.env.NOTIFY_SOCKET)
  const ended = endingSignal()
  const sites = sitesOf(options)
  let server: Server | undefined
  try {
    const pages = { metrics: () => textOf(sites.metrics()), troubles: sites.troubles }
    server = place && (await listening(place, pages))
    await sites.begin()
    const beat = watchdog(notify)
    const endLean = stayLean()
    notify(`READY=1\nSTATUS=${sites.count()} networks`)
    options.log.info(`version ${version} runs, process ${process.pid}`)
    const signal = await ended
    options.log.info(`ends by ${signal}; what containers have stays`)
    notify('STOPPING=1')
    clearInterval(beat)
    endLean()
  } finally {
    if (server) close(server)
    await Promise.race([sites.stop(), new Promise((resolve) => setTimeout(resolve, LONGEST_END).unref())])
    closeFile(lock)
  }
}

const textOf = (metrics: readonly Metric[]) => exposition(merged([...ofProcess(), ...metrics]))

function endingSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/** As long as this timer fires, events are processed. */
function watchdog(notify: (text: string) => void): NodeJS.Timeout | undefined {
  const every = watchdogEvery(process.env, process.pid)
  return every === undefined ? undefined : setInterval(() => notify('WATCHDOG=1'), every).unref()
}

/** @throws CniError when the place cannot be used */
async function listening(place: Place, pages: Pages): Promise<Server> {
  try {
    return await serve(place, pages)
  } catch (error) {
    throw new CniError(Code.IoFailure, {
      msg: `the metrics cannot be served: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'name another place with --metrics, or --metrics none',
      cause: error,
    })
  }
}
