/** The container runtimes of this host, by their executables, and the versions of the CNI specification that each takes. */

import { environment } from '#engine'
import type { SpecVersion } from '../../shared/cni/version.ts'
import { run } from '../../shared/kernel/run.ts'
import { isKind, Kind, stat } from '../../shared/kernel/stat.ts'

export interface Runtime {
  name: string
  path: string
  version: string
  /** The highest version of the specification that its libcni reads; undefined for one that calls no CNI plugins, or is not known. */
  takes?: SpecVersion
}

/**
 * From which version on a runtime reads which version of a result. libcni below 1.0 reads up to 0.4.0, below 1.2 up to 1.0.0.
 * containerd 1.6 has libcni 1.1, 2.0 has 1.2; ocicni of CRI-O 1.24 has 1.0, of 1.31 1.2; podman 4 has 1.0, and podman 5 calls netavark alone.
 */
const known: Readonly<Record<string, readonly (readonly [since: string, takes: SpecVersion | undefined])[]>> =
  {
    containerd: [
      ['0', '0.4.0'],
      ['1.6', '1.0.0'],
      ['2', '1.1.0'],
    ],
    crio: [
      ['0', '0.4.0'],
      ['1.24', '1.0.0'],
      ['1.31', '1.1.0'],
    ],
    nerdctl: [
      ['0', '1.0.0'],
      ['2', '1.1.0'],
    ],
    podman: [
      ['0', '0.4.0'],
      ['4', '1.0.0'],
      ['5', undefined],
    ],
  }

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs each runtime that is found with `--version`. */
export function findRuntimes(): Runtime[] {
  const path = environment().PATH || usualPath
  const directories = path.split(':').filter((one) => one.startsWith('/'))
  return Object.keys(known).flatMap((name) => {
    const file = directories.map((directory) => `${directory}/${name}`).find(isFile)
    const version = file && versionOf(file, path)
    return file && version ? [{ name, path: file, version, takes: takenBy(name, version) }] : []
  })
}

function isFile(path: string): boolean {
  const found = stat(path)
  return found !== undefined && isKind(found, Kind.REGULAR) && (found.mode & 0o111) !== 0
}

const bounds = { milliseconds: 5000, bytes: 65536 }

/** `containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7`, `crio version 1.36.0`, `podman version 5.4.2` */
function versionOf(path: string, searched: string): string | undefined {
  const { stdout } = run({ path, arguments: ['--version'], input: '', env: { PATH: searched } }, bounds)
  return /(?:^|[\s:v])(\d+\.\d+(?:\.\d+)?[\w.+~-]*)/.exec(stdout)?.[1]
}

/** The highest version of the specification that a version of a runtime takes. */
export function takenBy(name: string, version: string): SpecVersion | undefined {
  return known[name]?.findLast(([since]) => compareVersions(version, since) >= 0)?.[1]
}

/** Compares versions by their numbers: negative when the first is the older one. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
