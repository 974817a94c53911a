/** etcd and etcdctl of Debian suites, unpacked into the cache and not installed. Both are linked with libc alone, so they run on older suites. */

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackPackages } from '../../scripts/debian.ts'
import { refuse } from './refuse.ts'

const cache = join(import.meta.dirname, '../../.cache/etcd')

/** Where each version is; the first suite that can be fetched. */
const suites = { '3.4': ['bookworm'], '3.5': ['trixie', 'testing', 'sid'] } as const

export type EtcdVersion = keyof typeof suites

/**
 * Fetches a version that a test file names in its line `// etcd: 3.4, 3.5`, once. A version that cannot be fetched fails the test that starts
 * it, not the others.
 */
export async function fetchEtcd(version: string): Promise<void> {
  if (!isVersion(version)) refuse(`there is no etcd ${version} in ${Object.keys(suites).join(' and ')}`)
  await mkdir(cache, { recursive: true })
  for (const suite of suites[version]) {
    if (existsSync(homeOf(version))) return
    await unpackPackages(suite, async () => ['etcd-server', 'etcd-client'], homeOf(version)).catch(() => {})
  }
}

function isVersion(version: string): version is EtcdVersion {
  return version in suites
}

function homeOf(version: EtcdVersion): string {
  return join(cache, version)
}

/** The path of one of the programs. Ends the test program when it was not fetched. */
export function etcdProgram(version: EtcdVersion, name: 'etcd' | 'etcdctl'): string {
  const path = join(homeOf(version), 'usr/bin', name)
  if (!existsSync(path))
    refuse(`no etcd ${version}: the test needs a line \`// etcd: ${version}\`, and Debian's mirror`)
  return path
}
