/** The roots of all client tests: `npm test` fetches those that its files name, while the executables are built. */

import { readFileSync } from 'node:fs'
import { declared } from '../../harness/declared.ts'
import { fetchRoot, type Root } from './root.ts'

/** The newest first. A suite named by its state (`testing`) moves on, and no version is pinned. */
const newest = ['sid', 'testing', 'stable']

const containerd = ['containerd', 'busybox-static']

const podman = ['podman', 'runc', 'conmon', 'iproute2', 'nftables', 'busybox-static']

export const roots = {
  'containerd-1.6': { suites: ['bookworm'], packages: containerd },
  'containerd-1.7': { suites: ['trixie'], packages: containerd },
  'containerd-bench': { suites: ['trixie'], packages: [...containerd, 'iptables', 'nftables'] },
  'containerd-2': { suites: newest, packages: containerd },
  // iptables as the system's administrators have it, and for the reference's portmap in the bench.
  'podman-4': { suites: ['bookworm'], packages: [...podman, 'iptables'] },
  'podman-5': { suites: ['trixie'], packages: [...podman, 'netavark', 'aardvark-dns'] },
} satisfies Record<string, Omit<Root, 'name'>>

export type RootName = keyof typeof roots

export function rootOf(name: RootName): Root {
  return { name, ...roots[name] }
}

/** Whether a test file runs a client's program. The others act a client out, and run as kernel tests do. */
export function hasRoots(file: string): boolean {
  return rootsOf([file]).length > 0
}

/** The roots that test files name in a line: `// roots: containerd-1.6`. */
export function rootsOf(files: readonly string[]): Root[] {
  const names = files.flatMap((file) => declared(readFileSync(file, 'utf8'), 'roots'))
  return [...new Set(names)].map((name) => rootOf(name as RootName))
}

/** Fetches the roots that test files name. A file whose root cannot be fetched says so itself, when it runs. */
export async function fetchRootsOf(files: readonly string[]): Promise<void> {
  for (const root of rootsOf(files)) await fetchRoot(root).catch(() => {})
}
