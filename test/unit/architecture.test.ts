import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import { importsBelow } from './architecture/imports.ts'
import { order } from './architecture/order.ts'
import { againstTheOrder, cyclesOfFiles, cyclesOfFolders } from './architecture/rules.ts'

const root = join(import.meta.dirname, '../..')
const imports = importsBelow(root)

/** Runs a check on a small tree, given as texts by path. */
async function inTree<T>(files: Record<string, string>, look: (directory: string) => T): Promise<Awaited<T>> {
  const directory = mkdtempSync(join(tmpdir(), 'patchbay-architecture-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
    return await look(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const importsIn = (files: Record<string, string>) => inTree({ 'tsconfig.json': '{}', ...files }, importsBelow)

test('imports go down: no plugin imports another family, and no folder imports one above it', () => {
  assert.ok(imports.length > 2000, `read ${imports.length} imports`)
  assert.equal(againstTheOrder(imports), [])
})

test('the list in docs/architecture.md is the order', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const [, section = ''] = page.split('\n## What may import what\n')
  const [list = ''] = section.split('\n## ')
  const rows = [...list.matchAll(/^\d+\. ((?:`[^`]+`(?:, )?)+)/gm)]
  const found = rows.map(([, parts = '']) => [...parts.matchAll(/`([^`]+)`/g)].map(([, part]) => part))
  assert.equal(found, order)
})

test('no folders import each other', () => {
  assert.equal(cyclesOfFolders(imports), [])
})

test('no files import each other at run time', () => {
  assert.equal(cyclesOfFiles(imports), [])
})

test('a plugin that imports another family is found, its own folders are not', async () => {
  const files = {
    'plugins/bond/plugin.ts': `import './team/plugin.ts'`,
    'plugins/bond/team/plugin.ts': `import { a } from '../../bridge/bridge.ts'; export const b = a`,
    'plugins/bridge/bridge.ts': 'export const a = 1',
  }
  assert.equal(againstTheOrder(await importsIn(files)), [
    'plugins/bond/team/plugin.ts imports plugins/bridge/bridge.ts, which stands beside it',
  ])
})

test('imports that go up are found in every form: of a type, dynamic, re-exported', async () => {
  const files = {
    'shared/kernel/a.ts': `import type { T } from '../cni/t.ts'; export type U = T`,
    'shared/netlink/b.ts': `export const load = () => import('../cni/t.ts')`,
    'shared/ip/c.ts': `export * from '../cni/t.ts'`,
    'shared/link/d.ts': `export type T = typeof import('../../plugins/p/t.ts')`,
    'shared/cni/t.ts': 'export type T = 1',
    'plugins/p/t.ts': 'export const t = 1',
  }
  assert.equal(againstTheOrder(await importsIn(files)).sort(), [
    'shared/ip/c.ts imports shared/cni/t.ts, which stands above it',
    'shared/kernel/a.ts imports shared/cni/t.ts, which stands above it',
    'shared/link/d.ts imports plugins/p/t.ts, which stands above it',
    'shared/netlink/b.ts imports shared/cni/t.ts, which stands above it',
  ])
})

test('an import in a comment or a string is no import', async () => {
  const files = {
    'shared/kernel/a.ts': `// import '../cni/t.ts'\nexport const a = "import('../cni/t.ts')"`,
    'shared/cni/t.ts': 'export {}',
  }
  assert.equal(await importsIn(files), [])
})

test('a folder without a row in the order is found', async () => {
  const files = {
    'shared/new/a.ts': `import '../ip/b.ts'`,
    'shared/ip/b.ts': `import '../../test/c.ts'`,
    'test/c.ts': '',
  }
  assert.equal(againstTheOrder(await importsIn(files)).sort(), [
    'shared/ip/b.ts imports test/c.ts, which has no row in the order',
    'shared/new has no row in the order',
  ])
})

test('folders that import each other are found, also by types and through others', async () => {
  const files = {
    'scripts/a.ts': `import './demo/b.ts'`,
    'scripts/demo/b.ts': `import '../../test/unit/c.ts'`,
    'test/unit/c.ts': `import type {} from '../../scripts/a.ts'`,
  }
  assert.equal(cyclesOfFolders(await importsIn(files)), ['scripts → scripts/demo → test/unit → scripts'])
})

test('files that import each other at run time are found; imports of types are allowed', async () => {
  const files = {
    'a.ts': `export const load = () => import('./b.ts')`,
    'b.ts': `import { load } from './a.ts'; export const b = load`,
    'c.ts': `import type { D } from './d.ts'; export type C = D`,
    'd.ts': `import type { C } from './c.ts'; export type D = C`,
  }
  assert.equal(cyclesOfFiles(await importsIn(files)), ['a.ts → b.ts → a.ts'])
})

/** What the linter says of a small tree. */
function linted(files: Record<string, string>): Promise<string> {
  const config = readFileSync(join(root, 'biome.json'), 'utf8')
  const options = { all: true, reject: false, preferLocal: true, localDir: root } as const
  return inTree({ 'biome.json': config, ...files }, async (cwd) => {
    const { all } = await execa('biome', ['lint', '--max-diagnostics=none'], { ...options, cwd })
    return all
  })
}

/** The globals that the linter refuses in a small tree: their names for each file, in order. */
async function refusedIn(files: Record<string, string>): Promise<Record<string, string[]>> {
  const output = await linted(files)
  const refused = Object.fromEntries(Object.keys(files).map((file) => [file, [] as string[]]))
  for (const [, file = '', name = ''] of output.matchAll(refusal)) refused[file]?.push(name)
  for (const names of Object.values(refused)) names.sort()
  return refused
}

/** `FILE:LINE:COLUMN lint/style/noRestrictedGlobals …`, and below it the sentence. */
const refusal = /^(\S+?):\S+ lint\/style\/noRestrictedGlobals .*\s+. Do not use the global variable (\w+)/gm

const missingInQuickjs = [
  ...['Intl', 'TextDecoder', 'TextEncoder', 'URL', 'console', 'fetch', 'process'],
  ...['queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'],
]

/** A comment, a string, a parameter and a property with the name of a global. */
const onlyNamed =
  '/** URL */\nexport const f = (fetch: { URL: string }, process = 1) => [fetch.URL, "Intl", process]\n'

test('the linter refuses what QuickJS lacks in all that QuickJS runs, and nowhere else', async () => {
  const text = missingInQuickjs.map((name) => `export const my${name} = ${name}\n`).join('')
  const runs = ['main.ts', 'cli/a.ts', 'engine/quickjs/a.ts', 'plugins/a/b.ts', 'shared/a/b/c.ts']
  const others = ['cli/agent/a.ts', 'engine/node/a.ts', 'scripts/a.ts', 'test/a.ts']
  const files = Object.fromEntries([...runs, ...others].map((path) => [path, text]))
  const refused = await refusedIn({ ...files, 'shared/named.ts': onlyNamed })
  for (const path of runs) assert.equal(refused[path], missingInQuickjs, path)
  for (const path of others) assert.equal(refused[path], [], path)
  assert.equal(refused['shared/named.ts'], [])
})

test('the linter refuses uvu in any form outside test/harness/test.ts; uvu/assert is free', async () => {
  const forms = [`import 'uvu'`, `export { test } from 'uvu'`, `export const a = import('uvu')`]
  const asserts = `export * from 'uvu/assert'`
  const texts = Object.fromEntries([...forms, asserts].map((text, index) => [`test/fuzz/${index}.ts`, text]))
  const output = await linted({ ...texts, 'test/harness/test.ts': forms.join('\n') })
  const found = [...output.matchAll(/^(\S+?):\S+ lint\/style\/noRestrictedImports /gm)]
  assert.equal(found.map(([, file]) => file).sort(), ['test/fuzz/0.ts', 'test/fuzz/1.ts', 'test/fuzz/2.ts'])
})

test.run()
