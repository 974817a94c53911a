/**
 * A cluster of simulated hosts and a real etcd: `npm run bench -- --cluster [--part claims|peers|agent|adds …] [--hosts N]` as root. It prints
 * what it finds, and writes it to dist/cluster.json, part by part; `--page` writes the tables and plots of docs/scale.md from that file.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt } from '../../harness/built.ts'
import { type EtcdVersion, fetchEtcd } from '../../harness/etcd-programs.ts'
import { privateHost } from '../../harness/host.ts'
import type { Findings, Part } from './findings.ts'
import type { Medium } from './store.ts'

const root = join(import.meta.dirname, '../../..')
const file = join(root, 'dist/cluster.json')

export const parts: readonly Part[] = ['claims', 'peers', 'agent', 'adds']

const stores: readonly [EtcdVersion, Medium][] = [
  ['3.5', 'memory'],
  ['3.5', 'disk'],
  ['3.4', 'disk'],
]

/** Measures parts, in namespaces of its own. @param hosts how many are simulated */
export async function measureCluster(chosen: readonly Part[], hosts: number): Promise<void> {
  await Promise.all(['3.4', '3.5'].map(fetchEtcd))
  await ensureBuilt('quickjs')
  await ensureBuilt('node')
  await privateHost()
  for (const part of chosen) {
    const conditions = { date: new Date().toISOString().slice(0, 10), load: loadNow() }
    const found = await measures[part](hosts)
    const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`
    const all: Findings = {
      ...readFindings(),
      [part]: { ...conditions, machine, loadAtEnd: loadNow(), found },
    }
    mkdirSync(join(root, 'dist'), { recursive: true })
    writeFileSync(file, JSON.stringify(all, undefined, 1))
    console.log(`${part}: ${JSON.stringify(all[part], undefined, 1)}`)
  }
  console.log(`written: ${file}`)
  process.exit()
}

/** What was measured so far. */
export function readFindings(): Findings {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

const measures: { [P in Part]: (hosts: number) => Promise<NonNullable<Findings[P]>['found']> } = {
  async claims(count) {
    const { startStore } = await import('./store.ts')
    const { makeHosts, closeAll } = await import('./hosts.ts')
    const { measureClaims } = await import('./claims.ts')
    const rows = []
    for (const [version, medium] of stores) {
      const store = await startStore(version, medium, join(root, '.cache'))
      const hosts = await makeHosts(store.etcd.store(), count)
      const claims = await measureClaims(store, hosts, Math.min(count, 200))
      rows.push({ version, medium, claims, condition: await store.condition() })
      closeAll(hosts)
      await store.end()
    }
    return rows
  },
  async peers(count) {
    const { measurePeers } = await import('./peers.ts')
    return [await measurePeers('3.5', count)]
  },
  async agent(count) {
    const { startStore } = await import('./store.ts')
    const { measureAgents } = await import('./agent.ts')
    const store = await startStore('3.5', 'memory', root)
    const rows = await measureAgents(store, count)
    await store.end()
    return rows
  },
  async adds() {
    const { measureAdds } = await import('./adds.ts')
    return [await measureAdds(100, 5), await measureAdds(10, 100, 10)]
  },
}

function loadNow(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')
}
