/** Rules about imports; each returns a sentence for every violation. */

import type { Import } from './imports.ts'
import { order, product } from './order.ts'

/** Imports that go up or sideways in the order. */
export function againstTheOrder(imports: readonly Import[]): string[] {
  const problems = imports.filter(({ from }) => product.test(from)).flatMap((each) => problemOf(each) ?? [])
  return [...new Set(problems)]
}

function problemOf({ from, to }: Import): string | undefined {
  const [one, other] = [partOf(from), partOf(to)]
  if (one === other) return undefined
  const [upper, lower] = [rowOf(one), rowOf(other)]
  if (upper < 0) return `${one} has no row in the order`
  if (lower < 0) return `${from} imports ${to}, which has no row in the order`
  if (upper === lower) return `${from} imports ${to}, which stands beside it`
  return upper > lower ? `${from} imports ${to}, which stands above it` : undefined
}

/** The folder of a file, two levels deep at most; of a file in the root, the file itself. */
function partOf(path: string): string {
  const [first = '', second = '', ...rest] = path.split('/')
  if (second === '') return first
  return rest.length > 0 ? `${first}/${second}` : first
}

function rowOf(part: string): number {
  const row = order.findIndex((parts) => parts.includes(part))
  return row < 0 && part.startsWith('plugins/')
    ? order.findIndex((parts) => parts.includes('plugins/*'))
    : row
}

/** Folders that import each other, directly or through others. A folder in a folder of `plugins` or `shared` is a part of it. */
export function cyclesOfFolders(imports: readonly Import[]): string[] {
  return cycles(imports.map(({ from, to }) => [partOf(from), partOf(to)]))
}

/** Files that import each other when they run, dynamic imports included. */
export function cyclesOfFiles(imports: readonly Import[]): string[] {
  return cycles(imports.filter(({ type }) => !type).map(({ from, to }) => [from, to]))
}

/** The shortest cycle through each node that is on one, listed once: `a → b → a`. */
function cycles(edges: readonly (readonly [string, string])[]): string[] {
  const targets = new Map<string, Set<string>>()
  for (const [from, to] of edges) if (from !== to) targets.set(from, (targets.get(from) ?? new Set()).add(to))
  const told = new Set<string>()
  const found: string[] = []
  for (const start of [...targets.keys()].sort()) {
    const path = told.has(start) ? undefined : shortestWay(start, targets)
    if (!path) continue
    for (const node of path) told.add(node)
    found.push([...path, start].join(' → '))
  }
  return found
}

/** The shortest path from a node back to itself, without its last step; undefined when there is none. */
function shortestWay(start: string, targets: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways)
    for (const next of targets.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return way
      if (!seen.has(next)) ways.push([...way, next])
      seen.add(next)
    }
  return undefined
}
