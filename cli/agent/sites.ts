/** The sites of all stores that this host's networks use, as the configurations say now. */

import { dirname } from 'node:path'
import { stat } from '../../shared/kernel/stat.ts'
import type { StoreConfig } from '../../shared/store/config.ts'
import type { StoreSettings } from '../../shared/store/settings.ts'
import { gauge, type Metric } from '../metrics/metric.ts'
import type { Options } from './agent.ts'
import { watchDirectories } from './directory-watch.ts'
import { type Found, readNetworks } from './networks.ts'
import { parts } from './parts.ts'
import { type Frame, nameOf, openSite, type Site } from './site.ts'
import { statesOf, wrongOf } from './states.ts'
import { worker } from './worker.ts'

export interface Sites {
  /** Reads the configurations for the first time. */
  begin(): Promise<void>
  /** How many networks use a store. */
  count(): number
  metrics(): Metric[]
  troubles(): string[]
  stop(): Promise<void>
}

/** Changes of files that come together are one, milliseconds. */
const GATHER = 200
/** The configurations are read at least so often: a change of a certificate, or one that inotify did not tell, is found. */
const REREAD = 30_000

/** @param reread how often at least the configurations are read, milliseconds */
export function sitesOf(options: Options, reread = REREAD): Sites {
  const { confs, storeFile, log } = options
  const states = statesOf(log)
  const arranged = arranging(options)
  const directories = [...confs, dirname(storeFile)]
  /** Whether everything is to be looked at again, although nothing may have changed. */
  let isForced = true
  const read = async () => {
    const wrong = new Map<string, string>()
    const found = readNetworks(confs, storeFile, (file, why) => void wrong.set(file, why))
    states.only('', wrong)
    const forced = isForced
    isForced = false
    await arranged.to(found, forced)
  }
  const reading = worker(read, (error) => states.set('configurations', wrongOf(error)))
  const watch = watchDirectories(() => reading.soon(GATHER))
  const look = () => {
    watch.renew(directories)
    reading.soon()
  }
  const again = () => {
    log.info('SIGHUP: looks at everything again')
    isForced = true
    look()
  }
  const timer = setInterval(look, reread)
  process.on('SIGHUP', again)
  return {
    async begin() {
      watch.renew(directories)
      await read()
    },
    count: arranged.count,
    metrics: () => [
      gauge('agent_networks', 'Networks of this host that use a store.', [
        { labels: {}, value: arranged.count() },
      ]),
      ...arranged.sites().flatMap((site) => site.metrics()),
    ],
    troubles: () => [...states.all(), ...arranged.sites().flatMap((site) => site.troubles())],
    async stop() {
      process.off('SIGHUP', again)
      clearInterval(timer)
      watch.close()
      await reading.stop()
      await Promise.all(arranged.sites().map((site) => site.stop()))
    },
  }
}

interface Arranged {
  /** Opens and ends sites until each store that is used has one, and tells each its networks. */
  to(found: readonly Found[], isForced: boolean): Promise<void>
  sites(): Site[]
  count(): number
}

/** @param makers of the parts at each store: others in tests */
export function arranging({ settings, log }: Pick<Options, 'settings' | 'log'>, makers = parts): Arranged {
  const sites = new Map<string, Site>()
  const frame: Frame = { makers, settings, log }
  let names: ReadonlySet<string> = new Set()
  let known = ''
  const siteOf = (key: string, store: StoreSettings) => {
    const site = sites.get(key) ?? openSite(store, frame)
    sites.set(key, site)
    return site
  }
  return {
    async to(found, isForced) {
      const wanted = Map.groupBy(found, ({ store }) => fingerprint(store))
      const text = JSON.stringify([...wanted])
      if (text === known && !isForced) return
      // Until all is done, so that it is tried again after a failure.
      known = ''
      names = new Set(found.map(({ network }) => network.name))
      log.info(`networks: ${found.map(told).join(', ') || 'none uses a store'}`)
      const unused = [...sites].filter(([key]) => !wanted.has(key))
      for (const [key] of unused) sites.delete(key)
      await Promise.all(unused.map(([, site]) => site.stop()))
      for (const [key, some] of wanted)
        if (some[0]) siteOf(key, some[0].store).use(some.map(({ network }) => network))
      known = text
    },
    sites: () => [...sites.values()],
    count: () => names.size,
  }
}

const told = ({ network, store }: Found) => `${network.name} (${nameOf(store)})`

/** The settings of a store, and when its certificates were written: a renewed one is used by a new connection. */
function fingerprint(store: StoreConfig): string {
  const files = [store.ca, store.cert, store.key].map((path) => String(path && stat(path)?.mtime))
  return JSON.stringify([Object.entries(store).sort(), files])
}
