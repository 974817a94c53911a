/** The list of modules that few calls use is of modules that exist, and that are imported when they are needed. */

import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { plugins } from '../../../plugins/registry.ts'
import { rareModules } from '../../../scripts/build/rare-modules.ts'
import { test } from '../../harness/test.ts'

const root = join(import.meta.dirname, '../../..')
const rare = Object.keys(rareModules)

/** What the sources of the executables import by `import('…')`, from the root. */
function importedLater(): Set<string> {
  const sources = globSync(['main.ts', '{cli,plugins,shared}/**/*.ts'], { cwd: root })
  const found = sources.flatMap((source) => {
    const text = readFileSync(join(root, source), 'utf8')
    return [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, path = '']) => join(dirname(source), path))
  })
  return new Set(found)
}

test('each rare module is imported by import()', () => {
  const later = importedLater()
  assert.equal(
    rare.filter((path) => !later.has(path)),
    [],
  )
})

test('a rare plugin has the name of its folder, by which the build leaves out its schemas', () => {
  const folders = rare
    .filter((path) => path.endsWith('/plugin.ts'))
    .map((path) => path.split('/').at(-2) ?? '')
  assert.ok(folders.length > 0)
  assert.equal(
    folders.filter((name) => !Object.hasOwn(plugins, name)),
    [],
  )
})

test.run()
