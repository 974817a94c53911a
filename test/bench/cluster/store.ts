/** An etcd that is measured: by its own metrics. */

import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Etcd, startEtcd } from '../../harness/etcd.ts'
import type { EtcdVersion } from '../../harness/etcd-programs.ts'

/** `memory`: a ramfs, where syncing costs nothing. `disk`: a file system of this machine's disk, which syncs. */
export type Medium = 'memory' | 'disk'

const megabyte = 1e6

/** What etcd says of itself: sizes in MB, seconds of a processor, counts since its start. */
export interface Condition {
  /** Of the file, and what of it is used. */
  size: number
  used: number
  resident: number
  processor: number
  keys: number
  watchers: number
  syncs: number
  /** Seconds that all syncs of its log took. */
  syncing: number
}

export interface MeasuredStore {
  etcd: Etcd
  condition(): Promise<Condition>
  end(): Promise<void>
}

/** Elections are as slow as etcd's own default: many requests at once must not look like a lost leader. */
export async function startStore(version: EtcdVersion, medium: Medium, work: string): Promise<MeasuredStore> {
  const disk = join(work, `etcd-${process.pid}`)
  if (medium === 'disk') mkdirSync(disk, { recursive: true })
  const etcd = await startEtcd({ version, ...(medium === 'disk' && { disk }) })
  return {
    etcd,
    condition: () => conditionAt(etcd.endpoints[0] ?? ''),
    end: async () => {
      await etcd.end()
      rmSync(disk, { recursive: true, force: true })
    },
  }
}

/** etcd's page `/metrics`. */
async function conditionAt(endpoint: string): Promise<Condition> {
  const text = await (await fetch(`${endpoint}/metrics`)).text()
  const of = (name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return {
    size: of('etcd_mvcc_db_total_size_in_bytes') / megabyte,
    used: of('etcd_mvcc_db_total_size_in_use_in_bytes') / megabyte,
    resident: of('process_resident_memory_bytes') / megabyte,
    processor: of('process_cpu_seconds_total'),
    keys: of('etcd_debugging_mvcc_keys_total'),
    watchers: of('etcd_debugging_mvcc_watcher_total'),
    syncs: of('etcd_disk_wal_fsync_duration_seconds_count'),
    syncing: of('etcd_disk_wal_fsync_duration_seconds_sum'),
  }
}
