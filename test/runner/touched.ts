/** The test files that a change touches, by the imports between files and the names of plugins. */

import { basename, dirname } from 'node:path'

/** An import between files of the project. */
export interface Edge {
  from: string
  to: string
}

/**
 * The test files to run after a change.
 * @param changed paths from the root of the project
 * @param tests all test files
 */
export function touchedBy(
  changed: readonly string[],
  imports: readonly Edge[],
  tests: readonly string[],
): string[] {
  const dependents = dependentsOf(changed, imports)
  const ofHarness = dependentsOf(changed, imports.filter(isBetweenTests))
  const patterns = [...dependents].filter(isPlugin).map((file) => kernelTestsOf(file, changed))
  return tests.filter((file) =>
    isOfSources(file) ? dependents.has(file) : ofHarness.has(file) || patterns.some((it) => it.test(file)),
  )
}

/** The files that import one of these, at any distance, and these. */
function dependentsOf(files: readonly string[], imports: readonly Edge[]): Set<string> {
  const found = new Set(files)
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const { from, to } of imports) if (found.has(to)) found.add(from)
  }
  return found
}

/** The harness imports the product to look at the kernel; a change of the product is then no reason to run every kernel test. */
function isBetweenTests({ to }: Edge): boolean {
  return to.startsWith('test/')
}

function isOfSources(file: string): boolean {
  return /^test\/(unit|model)\//.test(file)
}

function isPlugin(file: string): boolean {
  return file.endsWith('/plugin.ts') && /^(plugins|shared\/ipam)\//.test(file)
}

/** All kernel tests of a plugin after a change in its folder, else the one that has its name. */
function kernelTestsOf(plugin: string, changed: readonly string[]): RegExp {
  const folder = dirname(plugin)
  const name = folder.startsWith('shared/ipam/') ? 'ipam' : basename(folder)
  const isInside = changed.some((file) => file.startsWith(`${folder}/`))
  return new RegExp(`^test/kernel/${name}${isInside ? '(-[\\w-]+)?' : ''}\\.test\\.ts$`)
}
